// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEvidenceLog} from "./IEvidenceLog.sol";

/// @title Anchors of one append-only evidence log
/// @notice {IEvidenceLog} is the manual.
/// @dev Sizes and indices are at most 2^48, so no arithmetic here can overflow and `unchecked` only saves gas.
contract EvidenceLog is IEvidenceLog {
    struct Anchor {
        uint64 treeSize;
        uint64 anchoredAt;
    }

    uint64 private constant MAX_TREE_SIZE = 1 << 48;

    /// @dev SHA-256(0x01 ‖ 64 zero bytes), and the same over this hash twice: two answers, so that no constant passes for SHA-256.
    bytes32 private constant ZEROS_HASHED = 0xae0798d0ecaed2b778eddebf18f071a561c53658c05e76cedecc27cafbdbc577;
    bytes32 private constant ZEROS_HASHED_TWICE = 0x90534fe0aff6db9edb29eee74e78a386916a581c8e6465349493e1a6c87241e1;

    /// @inheritdoc IEvidenceLog
    bytes32 public immutable override originHash;
    /// @inheritdoc IEvidenceLog
    address public immutable override guardian;

    // One slot: all that an anchor reads of the log's state besides the root.
    uint64 private _treeSize;
    /// @inheritdoc IEvidenceLog
    address public override anchorer;
    bool private _closed;

    bytes32 private _rootHash;
    mapping(bytes32 rootHash => Anchor) private _anchors;

    // One slot, written once.
    uint64 private _lastGoodTreeSize;
    address private _successor;

    /// @param anchorer_ adds checkpoints; zero if it is to be set later
    /// @param guardian_ replaces the anchorer and closes the log; not zero
    /// @param originHash_ SHA-256 of the log's origin
    constructor(address anchorer_, address guardian_, bytes32 originHash_) {
        if (guardian_ == address(0)) revert GuardianIsZero();
        if (
            _hashChildren(bytes32(0), bytes32(0)) != ZEROS_HASHED
                || _hashChildren(ZEROS_HASHED, ZEROS_HASHED) != ZEROS_HASHED_TWICE
        ) revert Sha256Unavailable();
        originHash = originHash_;
        guardian = guardian_;
        anchorer = anchorer_;
        emit AnchorerChanged(address(0), anchorer_);
    }

    /// @inheritdoc IEvidenceLog
    function anchor(uint64 treeSize, bytes32 rootHash, bytes32[] calldata consistencyProof) external override {
        if (msg.sender != anchorer) revert NotAnchorer(msg.sender, anchorer);
        if (_closed) revert LogClosed(_lastGoodTreeSize, _successor);
        uint64 headTreeSize = _treeSize;
        if (treeSize <= headTreeSize) revert TreeSizeNotIncreasing(headTreeSize, treeSize);
        if (treeSize > MAX_TREE_SIZE) revert TreeSizeTooLarge(treeSize, MAX_TREE_SIZE);
        if (headTreeSize == 0) {
            if (consistencyProof.length != 0) revert FirstProofNotEmpty(consistencyProof.length);
        } else if (!_extends(headTreeSize, _rootHash, treeSize, rootHash, consistencyProof)) {
            revert NotAnExtension(headTreeSize, treeSize);
        }
        Anchor storage entry = _anchors[rootHash];
        if (entry.treeSize != 0) revert RootAlreadyAnchored(rootHash, entry.treeSize);

        _treeSize = treeSize;
        _rootHash = rootHash;
        _anchors[rootHash] = Anchor({treeSize: treeSize, anchoredAt: uint64(block.timestamp)});
        emit CheckpointAnchored(treeSize, rootHash, headTreeSize);
    }

    /// @inheritdoc IEvidenceLog
    function setAnchorer(address newAnchorer) external override {
        _requireGuardianOfOpenLog();
        address previousAnchorer = anchorer;
        anchorer = newAnchorer;
        emit AnchorerChanged(previousAnchorer, newAnchorer);
    }

    /// @inheritdoc IEvidenceLog
    function close(uint64 lastGoodTreeSize, address successor) external override {
        _requireGuardianOfOpenLog();
        if (lastGoodTreeSize > _treeSize) revert LastGoodTreeSizeAboveHead(_treeSize, lastGoodTreeSize);
        if (successor == address(this)) revert SuccessorIsThisLog(successor);
        _closed = true;
        _lastGoodTreeSize = lastGoodTreeSize;
        _successor = successor;
        emit Closed(lastGoodTreeSize, successor);
    }

    /// @inheritdoc IEvidenceLog
    function head() external view override returns (uint64 treeSize, bytes32 rootHash, uint64 anchoredAt) {
        return (_treeSize, _rootHash, _anchors[_rootHash].anchoredAt);
    }

    /// @inheritdoc IEvidenceLog
    function anchored(bytes32 rootHash) external view override returns (uint64 treeSize, uint64 anchoredAt) {
        Anchor memory entry = _anchors[rootHash];
        return (entry.treeSize, entry.anchoredAt);
    }

    /// @inheritdoc IEvidenceLog
    function verifyInclusion(bytes32 leafHash, uint64 leafIndex, bytes32 rootHash, bytes32[] calldata proof)
        external
        view
        override
        returns (uint64 anchoredAt)
    {
        Anchor memory entry = _anchors[rootHash];
        if (entry.treeSize == 0) revert RootNotAnchored(rootHash);
        if (leafIndex >= entry.treeSize) revert LeafIndexOutOfRange(leafIndex, entry.treeSize);
        if (!_includes(leafHash, leafIndex, entry.treeSize, rootHash, proof)) {
            revert NotIncluded(leafHash, leafIndex, rootHash);
        }
        return entry.anchoredAt;
    }

    /// @inheritdoc IEvidenceLog
    function closed() external view override returns (bool isClosed, uint64 lastGoodTreeSize, address successor) {
        return (_closed, _lastGoodTreeSize, _successor);
    }

    function _requireGuardianOfOpenLog() private view {
        if (msg.sender != guardian) revert NotGuardian(msg.sender, guardian);
        if (_closed) revert LogClosed(_lastGoodTreeSize, _successor);
    }

    /// @dev RFC 9162 §2.1.4.2, with its names; 0 < size1 < size2.
    function _extends(uint64 size1, bytes32 root1, uint64 size2, bytes32 root2, bytes32[] calldata proof)
        private
        view
        returns (bool)
    {
        unchecked {
            if (proof.length == 0) return false;
            uint256 fn = size1 - 1;
            uint256 sn = size2 - 1;
            while ((fn & 1) == 1) {
                fn >>= 1;
                sn >>= 1;
            }
            // A first tree that is complete is itself the node that the proof starts from, and is left out of it.
            uint256 i = (size1 & (size1 - 1)) == 0 ? 0 : 1;
            bytes32 fr = i == 0 ? root1 : proof[0];
            bytes32 sr = fr;
            for (; i < proof.length; ++i) {
                if (sn == 0) return false;
                bytes32 c = _at(proof, i);
                if ((fn & 1) == 1 || fn == sn) {
                    fr = _hashChildren(c, fr);
                    sr = _hashChildren(c, sr);
                    while ((fn & 1) == 0) {
                        if (fn == 0) break;
                        fn >>= 1;
                        sn >>= 1;
                    }
                } else {
                    sr = _hashChildren(sr, c);
                }
                fn >>= 1;
                sn >>= 1;
            }
            return sn == 0 && fr == root1 && sr == root2;
        }
    }

    /// @dev RFC 9162 §2.1.3.2, with its names; leafIndex < treeSize.
    function _includes(bytes32 leafHash, uint64 leafIndex, uint64 treeSize, bytes32 rootHash, bytes32[] calldata proof)
        private
        view
        returns (bool)
    {
        unchecked {
            uint256 fn = leafIndex;
            uint256 sn = treeSize - 1;
            bytes32 r = leafHash;
            for (uint256 i = 0; i < proof.length; ++i) {
                if (sn == 0) return false;
                bytes32 p = _at(proof, i);
                if ((fn & 1) == 1 || fn == sn) {
                    r = _hashChildren(p, r);
                    while ((fn & 1) == 0) {
                        if (fn == 0) break;
                        fn >>= 1;
                        sn >>= 1;
                    }
                } else {
                    r = _hashChildren(r, p);
                }
                fn >>= 1;
                sn >>= 1;
            }
            return sn == 0 && r == rootHash;
        }
    }

    /// @dev proof[i] without the check of i < proof.length, which every caller has made.
    function _at(bytes32[] calldata proof, uint256 i) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := calldataload(add(proof.offset, shl(5, i)))
        }
    }

    /// @dev SHA-256(0x01 ‖ left ‖ right). Solidity's own sha256() would take whatever stands in memory for the answer of a chain that
    /// has nothing at 0x02, where calls succeed and return no byte.
    function _hashChildren(bytes32 left, bytes32 right) private view returns (bytes32 parent) {
        bool answered;
        assembly ("memory-safe") {
            // Beyond the free memory pointer: nothing is allocated, and the next call writes over it.
            let input := mload(0x40)
            mstore8(input, 1)
            mstore(add(input, 1), left)
            mstore(add(input, 33), right)
            answered := staticcall(gas(), 0x02, input, 65, 0, 32)
            answered := and(answered, eq(returndatasize(), 32))
            parent := mload(0)
        }
        if (!answered) revert Sha256Unavailable();
    }
}
