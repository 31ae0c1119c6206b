// Reads a C2SP tiled log with Tessera's client: opens its checkpoint with the given key, builds an inclusion proof from tiles,
// and checks it, first for the newest checkpoint and then for the one that a certificate carries.
// Usage: inclusion LOG-URL VKEY LEAF-INDEX LEAF-DATA-HEX CHECKPOINT-FILE
package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strconv"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := check(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(logURL, vkey, leafIndex, leafDataHex, checkpointFile string) error {
	ctx := context.Background()
	base, err := url.Parse(logURL)
	if err != nil {
		return err
	}
	key, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	index, err := strconv.ParseUint(leafIndex, 10, 64)
	if err != nil {
		return err
	}
	leafData, err := hex.DecodeString(leafDataHex)
	if err != nil {
		return err
	}
	log, err := client.NewHTTPFetcher(base, nil)
	if err != nil {
		return err
	}
	newest, _, _, err := client.FetchCheckpoint(ctx, log.ReadCheckpoint, key, key.Name())
	if err != nil {
		return fmt.Errorf("newest checkpoint: %w", err)
	}
	certified, _, _, err := client.FetchCheckpoint(ctx, func(context.Context) ([]byte, error) {
		return os.ReadFile(checkpointFile)
	}, key, key.Name())
	if err != nil {
		return fmt.Errorf("checkpoint of the certificate: %w", err)
	}
	bundle, err := client.GetEntryBundle(ctx, log.ReadEntryBundle, index/256, newest.Size)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	if !bytes.Equal(bundle.Entries[index%256], leafData) {
		return fmt.Errorf("entry %d is %x", index, bundle.Entries[index%256])
	}
	leafHash := rfc6962.DefaultHasher.HashLeaf(leafData)
	for _, checkpoint := range []struct {
		size uint64
		root []byte
	}{{newest.Size, newest.Hash}, {certified.Size, certified.Hash}} {
		tree, err := client.NewProofBuilder(ctx, checkpoint.size, log.ReadTile)
		if err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		path, err := tree.InclusionProof(ctx, index)
		if err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, checkpoint.size, leafHash, path, checkpoint.root); err != nil {
			return fmt.Errorf("size %d: %w", checkpoint.size, err)
		}
	}
	fmt.Printf("leaf %d under sizes %d and %d\n", index, certified.Size, newest.Size)
	return nil
}
