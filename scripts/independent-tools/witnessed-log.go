// A log that is not ours, Tessera's, which publishes nothing that `tiezheng witness` has not cosigned.
// Usage: witnessed-log keygen FILE             makes the log's key and prints the public one
//
//	witnessed-log run FILE FOLDER WITNESS-VKEY WITNESS-URL
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const origin = "tessera.example.org/log"

func main() {
	err := errors.New("usage: witnessed-log keygen FILE | run FILE FOLDER WITNESS-VKEY WITNESS-URL")
	switch {
	case len(os.Args) == 3 && os.Args[1] == "keygen":
		err = keygen(os.Args[2])
	case len(os.Args) == 6 && os.Args[1] == "run":
		err = run(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func keygen(file string) error {
	secret, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	fmt.Println(public)
	return os.WriteFile(file, []byte(secret), 0o600)
}

func run(keyFile, folder, witnessVkey, witnessURL string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	secret, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(string(secret))
	if err != nil {
		return err
	}
	witnessKey, err := fnote.NewVerifierForCosignatureV1(witnessVkey)
	if err != nil {
		return err
	}
	root, err := url.Parse(witnessURL)
	if err != nil {
		return err
	}
	witness, err := tessera.NewWitness(witnessVkey, root)
	if err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(200*time.Millisecond).
		WithBatching(16, 50*time.Millisecond).
		WithWitnesses(tessera.NewWitnessGroup(1, witness), &tessera.WitnessOptions{FailOpen: false})
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 100*time.Millisecond)
	// Each round grows the tree that the witness knows, over the edge of a tile too.
	for _, entries := range []int{1, 1, 3, 250, 7} {
		var last tessera.IndexFuture
		for i := range entries {
			last = appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "entry %d of %d", i, entries)))
		}
		index, checkpoint, err := awaiter.Await(ctx, last)
		if err != nil {
			return fmt.Errorf("round of %d: %w", entries, err)
		}
		if _, err := note.Open(checkpoint, note.VerifierList(witnessKey)); err != nil {
			return fmt.Errorf("checkpoint over entry %d: %w", index.Index, err)
		}
	}
	return shutdown(ctx)
}
