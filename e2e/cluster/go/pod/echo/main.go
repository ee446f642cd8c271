// Echo is what tests run in pods.
//
//	echo serve [ADDRESS]   answers HTTP/1.1 and h2c with what it was asked and who answers, and gRPC that it is healthy; ADDRESS is
//	                       :8080 unless told
//	echo get URL           asks once, prints the body; status 1 unless the answer is 200
//	echo wait              does nothing until it is told to end
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type answer struct {
	Pod     string      `json:"pod"`
	Address string      `json:"address"`
	Client  string      `json:"client"`
	Method  string      `json:"method"`
	Host    string      `json:"host"`
	Path    string      `json:"path"`
	Proto   string      `json:"proto"`
	Headers http.Header `json:"headers"`
}

func main() {
	log.SetFlags(0)
	go endWhenTold()
	switch {
	case len(os.Args) == 1 || os.Args[1] == "serve":
		serve(argument(2, ":8080"))
	case os.Args[1] == "get" && len(os.Args) == 3:
		get(os.Args[2])
	case os.Args[1] == "wait":
		select {}
	default:
		log.Fatal("usage: echo serve [ADDRESS] | get URL | wait")
	}
}

// The first process of a container is not ended by signals that it does not handle.
func endWhenTold() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	<-told
	os.Exit(0)
}

func argument(index int, otherwise string) string {
	if len(os.Args) > index {
		return os.Args[index]
	}
	return otherwise
}

func serve(address string) {
	pod, _ := os.Hostname()
	handler := func(out http.ResponseWriter, in *http.Request) {
		log.Println(in.Method, in.URL, "from", in.RemoteAddr)
		if in.URL.Path == "/grpc.health.v1.Health/Check" {
			tellHealth(out)
			return
		}
		out.Header().Set("content-type", "application/json")
		json.NewEncoder(out).Encode(answer{pod, address, in.RemoteAddr, in.Method, in.Host, in.URL.String(), in.Proto, in.Header})
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := http.Server{Addr: address, Handler: http.HandlerFunc(handler), Protocols: protocols}
	log.Println("listening on", address)
	log.Fatal(server.ListenAndServe())
}

// What a probe of gRPC asks for: the message HealthCheckResponse with the status SERVING.
func tellHealth(out http.ResponseWriter) {
	out.Header().Set("content-type", "application/grpc")
	out.Header().Set("trailer", "grpc-status")
	out.Write([]byte{0, 0, 0, 0, 2, 8, 1})
	out.Header().Set("grpc-status", "0")
}

func get(url string) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	io.Copy(os.Stdout, response.Body)
	if response.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, response.Status)
		os.Exit(1)
	}
}
