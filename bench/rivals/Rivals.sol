// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// What the gas table sets beside EvidenceLog: the same anchor with less checked. For measuring only, never deployed.

/// @notice An event and nothing else: nothing is stored, nothing is refused, and no one can ask the contract for a root.
contract EventOnlyAnchor {
    event CheckpointAnchored(uint64 indexed treeSize, bytes32 indexed rootHash, uint64 previousTreeSize);

    function anchor(uint64 treeSize, bytes32 rootHash, uint64 previousTreeSize) external {
        emit CheckpointAnchored(treeSize, rootHash, previousTreeSize);
    }
}

/// @notice EvidenceLog without the proof: one anchorer, growing sizes, the head and every root stored.
contract SizeGuardedAnchor {
    struct Anchor {
        uint64 treeSize;
        uint64 anchoredAt;
    }

    uint64 private _treeSize;
    address public anchorer;
    bytes32 private _rootHash;
    mapping(bytes32 rootHash => Anchor) private _anchors;

    event CheckpointAnchored(uint64 indexed treeSize, bytes32 indexed rootHash, uint64 previousTreeSize);

    error Refused();

    constructor() {
        anchorer = msg.sender;
    }

    function anchor(uint64 treeSize, bytes32 rootHash) external {
        uint64 previousTreeSize = _treeSize;
        if (msg.sender != anchorer || treeSize <= previousTreeSize || treeSize > 1 << 48) revert Refused();
        if (_anchors[rootHash].treeSize != 0) revert Refused();
        _treeSize = treeSize;
        _rootHash = rootHash;
        _anchors[rootHash] = Anchor({treeSize: treeSize, anchoredAt: uint64(block.timestamp)});
        emit CheckpointAnchored(treeSize, rootHash, previousTreeSize);
    }
}
