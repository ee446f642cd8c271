// Command http-client is a client of Go's net/http for end-to-end tests: it speaks HTTP/2 by prior knowledge, or HTTP/1,
// to the origin of e2e/harness/clients-origin.ts, and prints one line of JSON for each check.
//
// usage: http-client http1|h2c URL
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	largeBytes    = 10 << 20
	parallel      = 100
	checkDeadline = 30 * time.Second
)

type result struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Detail string `json:"detail"`
}

type tester struct {
	client *http.Client
	base   string
	major  int
}

func main() {
	if len(os.Args) != 3 || (os.Args[1] != "http1" && os.Args[1] != "h2c") {
		fmt.Fprintln(os.Stderr, "usage: http-client http1|h2c URL")
		os.Exit(2)
	}
	t := newTester(os.Args[1], os.Args[2])
	checks := []struct {
		name string
		run  func(*tester, context.Context) error
	}{
		{"version", (*tester).version},
		{"upload", (*tester).upload},
		{"download", (*tester).download},
		{"echo", (*tester).echo},
		{"trailers", (*tester).trailers},
		{"head", (*tester).head},
		{"parallel", (*tester).parallel},
		{"cancel", (*tester).cancel},
		{"after", (*tester).version},
	}
	status := 0
	for _, check := range checks {
		ctx, stop := context.WithTimeout(context.Background(), checkDeadline)
		err := check.run(t, ctx)
		stop()
		r := result{Name: check.name, Passed: err == nil}
		if err != nil {
			r.Detail, status = err.Error(), 1
		}
		line, _ := json.Marshal(r)
		fmt.Println(string(line))
	}
	os.Exit(status)
}

func newTester(version, base string) *tester {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(version == "http1")
	protocols.SetUnencryptedHTTP2(version == "h2c")
	t := &tester{base: base, major: 2, client: &http.Client{Transport: &http.Transport{Protocols: protocols}}}
	if version == "http1" {
		t.major = 1
	}
	return t
}

func (t *tester) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, t.base+path, body)
	if err != nil {
		return nil, err
	}
	return t.client.Do(request)
}

func (t *tester) text(ctx context.Context, method, path string, body io.Reader) (string, error) {
	response, err := t.do(ctx, method, path, body)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", response.StatusCode, content)
	}
	return string(content), err
}

func (t *tester) version(ctx context.Context) error {
	response, err := t.do(ctx, "GET", "/hello", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if response.ProtoMajor != t.major || string(content) != "hello" {
		return fmt.Errorf("HTTP/%d, body %q, %v", response.ProtoMajor, content, err)
	}
	return err
}

func (t *tester) upload(ctx context.Context) error {
	body := pattern(largeBytes)
	got, err := t.text(ctx, "POST", "/digest", bytes.NewReader(body))
	return expect(got, digest(body), err)
}

func (t *tester) download(ctx context.Context) error {
	response, err := t.do(ctx, "GET", fmt.Sprintf("/bytes/%d", largeBytes), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err := expect(digest(body), digest(pattern(largeBytes)), err); err != nil {
		return err
	}
	return expect(response.Trailer.Get("x-digest"), digest(body), nil)
}

func (t *tester) echo(ctx context.Context) error {
	// Of unknown length, so that it is chunked in HTTP/1.
	body := pattern(largeBytes)
	got, err := t.text(ctx, "POST", "/echo", io.MultiReader(bytes.NewReader(body)))
	return expect(digest([]byte(got)), digest(body), err)
}

func (t *tester) trailers(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, "POST", t.base+"/echo", io.MultiReader(bytes.NewReader([]byte("body"))))
	if err != nil {
		return err
	}
	request.Trailer = http.Header{"X-Sent": {"after the body"}}
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err := expect(string(content), "body", err); err != nil {
		return err
	}
	return expect(response.Trailer.Get("x-echo-x-sent"), "after the body", nil)
}

func (t *tester) head(ctx context.Context) error {
	got, err := t.text(ctx, "HEAD", "/bytes/1000", nil)
	return expect(got, "", err)
}

func (t *tester) parallel(ctx context.Context) error {
	var wait sync.WaitGroup
	failures := make([]error, parallel)
	for i := range parallel {
		wait.Go(func() {
			got, err := t.text(ctx, "GET", "/hello", nil)
			failures[i] = expect(got, "hello", err)
		})
	}
	wait.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tester) cancel(ctx context.Context) error {
	cancellable, cancel := context.WithCancel(ctx)
	defer cancel()
	response, err := t.do(cancellable, "GET", "/endless", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.CopyN(io.Discard, response.Body, 1<<20); err != nil {
		return err
	}
	cancel()
	_, err = io.Copy(io.Discard, response.Body)
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("expected the request to be cancelled, got %v", err)
	}
	return nil
}

// pattern is what the origin sends for /bytes: octet i is i mod 251.
func pattern(length int) []byte {
	body := make([]byte, length)
	for i := range body {
		body[i] = byte(i % 251)
	}
	return body
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func expect(got, want string, err error) error {
	if err == nil && got != want {
		return fmt.Errorf("got %q, want %q", got, want)
	}
	return err
}
