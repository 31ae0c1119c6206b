// Checks a .tlog-proof of ours with torchwood: the log's signature, a witness's cosignature, the inclusion of the leaf; then reads
// the whole log through torchwood's tlog-tiles client, which checks each entry against the signed root, and finds the leaf there.
// Usage: witnessed PROOF-FILE LOG-URL LOG-VKEY WITNESS-VKEY LEAF-DATA-HEX
package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := check(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(proofFile, logURL, logVkey, witnessVkey, leafDataHex string) error {
	proof, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	logKey, err := note.NewVerifier(logVkey)
	if err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	witnessKey, err := torchwood.NewCosignatureVerifier(witnessVkey)
	if err != nil {
		return fmt.Errorf("witness key: %w", err)
	}
	leafData, err := hex.DecodeString(leafDataHex)
	if err != nil {
		return err
	}
	policy := torchwood.ThresholdPolicy(3,
		torchwood.OriginPolicy(logKey.Name()),
		torchwood.SingleVerifierPolicy(logKey),
		torchwood.SingleVerifierPolicy(witnessKey))
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(leafData), proof); err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash([]byte("another leaf")), proof); err == nil {
		return errors.New("the proof also proves another leaf")
	}

	_, signed, _ := bytes.Cut(proof, []byte("\n\n"))
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	fetcher, err := torchwood.NewTileFetcher(logURL)
	if err != nil {
		return err
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var read, found int64
	for index, entry := range client.AllEntries(ctx, checkpoint.Tree, 0) {
		if bytes.Equal(entry, leafData) {
			found = index
		}
		read++
	}
	if err := client.Err(); err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	if read != checkpoint.N || found == 0 {
		return fmt.Errorf("read %d of %d entries, leaf found at %d", read, checkpoint.N, found)
	}
	fmt.Printf("%d entries read, leaf %d\n", read, found)
	return nil
}
