import { readFileSync } from 'node:fs';
import { Interface, type InterfaceAbi } from 'ethers';
import { ChainError } from './chain-error.ts';

export interface ContractArtifact {
  abi: Interface;
  /** Creation code without constructor arguments, `0x` hex. */
  bytecode: string;
}

let artifact: ContractArtifact | undefined;

/** The compiled contract, from `build/contracts`. @throws ChainError `no-contract` if it was never compiled. */
export function evidenceLogArtifact(): ContractArtifact {
  if (artifact === undefined) {
    // Two folders up both from src/anchor and from dist/anchor.
    const path = new URL('../../build/contracts/EvidenceLog.json', import.meta.url);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new ChainError('no-contract', `${path.pathname} is missing; in a clone, "npm run setup" makes it`, {
        cause,
      });
    }
    const { abi, bytecode } = JSON.parse(text) as { abi: InterfaceAbi; bytecode: string };
    artifact = { abi: new Interface(abi), bytecode };
  }
  return artifact;
}
