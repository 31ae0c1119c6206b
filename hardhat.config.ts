import { fileURLToPath } from 'node:url';
import hardhatEthers from '@nomicfoundation/hardhat-ethers';
import hardhatEthersChaiMatchers from '@nomicfoundation/hardhat-ethers-chai-matchers';
import hardhatNetworkHelpers from '@nomicfoundation/hardhat-network-helpers';
import { defineConfig } from 'hardhat/config';

export default defineConfig({
  plugins: [hardhatEthers, hardhatEthersChaiMatchers, hardhatNetworkHelpers],
  paths: { sources: ['contracts', 'bench/rivals'], artifacts: 'build/artifacts', cache: 'build/cache' },
  solidity: {
    version: '0.8.37',
    // The compiler comes with the other packages: nothing is downloaded while building.
    path: fileURLToPath(import.meta.resolve('solc/soljson.js')),
    settings: {
      // Older consortium chains know no later instructions.
      evmVersion: 'paris',
      // An anchor every ten minutes against one deployment: 2,000 takes 200 gas off each anchor and adds 140,000 to the deployment;
      // more buys nothing. viaIR takes off another 1,000 of an anchor.
      optimizer: { enabled: true, runs: 2_000 },
      viaIR: true,
    },
  },
});
