// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.4;

/// @title Anchors of one append-only evidence log
/// @notice An evidence log is a Merkle tree (RFC 6962 §2.1, SHA-256) that only grows: leaf 0, leaf 1, leaf 2 … A checkpoint is the
/// tree's size and root hash at one moment. This contract keeps checkpoints of exactly one log, with the time of the block that
/// brought them, and takes a new one only with a proof that its tree begins with every leaf of the last one.
///
/// What an entry here shows: whoever holds a file, its path to a root hash and a block hash of this chain can show that the file
/// existed no later than that block, without asking the log's operator. It shows nothing about when the file was made, by whom, or
/// whether what it says is true.
///
/// Who can do what:
/// - The *anchorer* (a key in daily use) adds checkpoints. Nobody can change or remove one, nor its time: there is no owner, no proxy,
///   no upgrade and no function for it.
/// - The *guardian* (a key kept offline, fixed for ever) replaces the anchorer, and can close the log and name a successor.
/// - Everyone reads, without an account and without paying.
///
/// If the anchorer's key is stolen, the thief can add one tree of garbage behind the true one, and by that end the log: the true tree
/// no longer extends the head. He cannot change what was anchored before. The guardian then calls {close}, stating up to which size
/// the log was good, and the log goes on in another contract, whose leaf 0 names this one.
///
/// To check a certificate by hand, call {anchored} with the root hash in it; the answer is the time of anchoring, (0, 0) if there is
/// none. {verifyInclusion} also recomputes the path from a leaf to that root. Then read {closed}: in a closed log only anchors up to
/// `lastGoodTreeSize` have the guardian's word. Whether this is the right contract is for the reader to know: {originHash} names the
/// log, and the log's leaf 0 names this contract and its chain, but anyone can deploy a contract with any origin.
///
/// A root hash does not fix the size of its tree: the hash of leaf 2 and the hash over leaves 2 and 3 look alike, so some roots, with
/// the same proof, fit several sizes. Sizes here are therefore what the anchorer said, within what the proof allows; what the log
/// itself says is in its signed checkpoint. Compare the two, and take the size from the checkpoint.
///
/// Times are `block.timestamp` of the anchoring block, in the unit of the chain: seconds since 1970 on Ethereum, milliseconds on some
/// consortium chains. Its accuracy is that of the chain, and an entry stands only once its block is final there.
///
/// All hashing goes through the SHA-256 precompile at address 0x02. The constructor tries it on known answers, and every single call
/// is checked to have succeeded with 32 bytes.
interface IEvidenceLog {
    /// @notice The log has been extended, and its new head is the tree of `treeSize` leaves with the root `rootHash`.
    /// @dev Emitted exactly once for each anchor, so that a receipt with this event proves the anchor to someone without a node.
    /// @param treeSize leaves in the tree, as the anchorer said; greater than in any event before
    /// @param rootHash RFC 6962 root; never the same as in any event before
    /// @param previousTreeSize leaves in the tree that this one was proved to extend; 0 for the first anchor, which proves nothing
    event CheckpointAnchored(uint64 indexed treeSize, bytes32 indexed rootHash, uint64 previousTreeSize);

    /// @notice From now on only `newAnchorer` adds checkpoints. The constructor emits it too, with `previousAnchorer` zero.
    event AnchorerChanged(address indexed previousAnchorer, address indexed newAnchorer);

    /// @notice No checkpoint will be added any more.
    /// @param lastGoodTreeSize the guardian's word: anchors of greater size are not the log's
    /// @param successor the contract where the log goes on; zero if it does not
    event Closed(uint64 lastGoodTreeSize, address indexed successor);

    /// @notice Only the anchorer adds checkpoints.
    error NotAnchorer(address caller, address anchorer);
    /// @notice Only the guardian does this.
    error NotGuardian(address caller, address guardian);
    /// @notice The log was closed; where it goes on is `successor`, if not zero.
    error LogClosed(uint64 lastGoodTreeSize, address successor);
    /// @notice The new tree must be larger than the head.
    error TreeSizeNotIncreasing(uint64 headTreeSize, uint64 treeSize);
    /// @notice Trees end at `maximum` = 2^48 leaves.
    error TreeSizeTooLarge(uint64 treeSize, uint64 maximum);
    /// @notice The first anchor extends nothing and takes an empty proof.
    error FirstProofNotEmpty(uint256 proofLength);
    /// @notice The proof does not lead from the head to the new root: too few hashes, too many, wrong ones, or a forked log.
    error NotAnExtension(uint64 headTreeSize, uint64 treeSize);
    /// @notice This root was anchored before, at `treeSize`. Its entry stays as it is.
    error RootAlreadyAnchored(bytes32 rootHash, uint64 treeSize);
    /// @notice `lastGoodTreeSize` must not be above the head.
    error LastGoodTreeSizeAboveHead(uint64 headTreeSize, uint64 lastGoodTreeSize);
    /// @notice A log cannot go on in itself.
    error SuccessorIsThisLog(address successor);
    /// @notice A log without guardian could neither replace a stolen anchorer nor be closed.
    error GuardianIsZero();
    /// @notice No checkpoint with this root was anchored here.
    error RootNotAnchored(bytes32 rootHash);
    /// @notice The anchored tree with this root has only `treeSize` leaves.
    error LeafIndexOutOfRange(uint64 leafIndex, uint64 treeSize);
    /// @notice The proof does not lead from the leaf at this index to the root.
    error NotIncluded(bytes32 leafHash, uint64 leafIndex, bytes32 rootHash);
    /// @notice Address 0x02 did not answer as SHA-256 does: the chain lacks the precompile or has another one.
    error Sha256Unavailable();

    /// @notice Anchors the log's state of `treeSize` leaves. The new tree must extend the last anchored one.
    /// @dev Reads RFC 9162 §2.1.4.2 literally; `consistencyProof` runs from head().treeSize to `treeSize`, whose node hashes it holds
    /// in that order. The first anchor has nothing to extend: its proof is empty and its size, at least 1, is believed.
    /// Anchoring the head again reverts with TreeSizeNotIncreasing, so a transaction sent twice counts once; after any doubt read
    /// {head} first. A tree that extends others cannot have the root of one of them unless SHA-256 is broken (the root would have to
    /// contain its own hash); should it be, or the precompile be replaced, RootAlreadyAnchored keeps the older entry as it is.
    /// @param treeSize leaves in the new tree, head().treeSize < treeSize ≤ 2^48
    /// @param rootHash RFC 6962 root of the new tree
    /// @param consistencyProof at most 49 hashes; empty for the first anchor
    function anchor(uint64 treeSize, bytes32 rootHash, bytes32[] calldata consistencyProof) external;

    /// @notice Hands the right to anchor to another key. Only for the guardian, and only while the log is open.
    /// @param newAnchorer zero stops anchoring until another is set: the first thing to do when the key is stolen
    function setAnchorer(address newAnchorer) external;

    /// @notice Ends this log for ever. What was anchored stays readable. Only for the guardian, and only once.
    /// @param lastGoodTreeSize the size up to which the log was good, at most head().treeSize: its last true checkpoint; 0 if none was
    /// @param successor the contract where the log goes on, or zero. It is not called and need not exist yet
    function close(uint64 lastGoodTreeSize, address successor) external;

    /// @notice The last anchored checkpoint; all zero before the first.
    /// @return treeSize leaves in the tree, as the anchorer said
    /// @return rootHash its RFC 6962 root
    /// @return anchoredAt time of the anchoring block, in the chain's unit
    function head() external view returns (uint64 treeSize, bytes32 rootHash, uint64 anchoredAt);

    /// @notice Whether, with what size and when a root was anchored.
    /// @param rootHash the root in a certificate or checkpoint
    /// @return treeSize leaves in the tree, as the anchorer said; 0 if this root was never anchored
    /// @return anchoredAt time of the anchoring block, in the chain's unit; 0 if this root was never anchored
    function anchored(bytes32 rootHash) external view returns (uint64 treeSize, uint64 anchoredAt);

    /// @notice Checks that a leaf is in an anchored tree. Reverts if it is not, so a caller who ignores the answer is safe too.
    /// @dev RFC 9162 §2.1.3.2, with the size that was anchored with the root. Where the anchorer's size is not the checkpoint's, the
    /// index counts in the anchorer's tree.
    /// @param leafHash SHA-256(0x00 ‖ leaf data)
    /// @param leafIndex zero-based, below anchored(rootHash).treeSize
    /// @param rootHash an anchored root, not only the newest
    /// @param proof hashes from the leaf's sibling up to the root's child
    /// @return anchoredAt time of the block that anchored the root: the leaf existed no later
    function verifyInclusion(bytes32 leafHash, uint64 leafIndex, bytes32 rootHash, bytes32[] calldata proof)
        external
        view
        returns (uint64 anchoredAt);

    /// @notice Whether the log was closed, and with what word of the guardian.
    /// @return isClosed true once {close} was called
    /// @return lastGoodTreeSize anchors of greater size are not the log's; 0 while open
    /// @return successor the contract where the log goes on; zero if none, or while open
    function closed() external view returns (bool isClosed, uint64 lastGoodTreeSize, address successor);

    /// @notice SHA-256 of the log's origin, the name in the first line of its checkpoints. Fixed at deployment.
    function originHash() external view returns (bytes32);

    /// @notice The key that adds checkpoints.
    function anchorer() external view returns (address);

    /// @notice The key that can replace the anchorer and close the log. Fixed at deployment.
    function guardian() external view returns (address);
}
