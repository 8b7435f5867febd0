// Reads Prometheus' text from stdin with Prometheus' own parser, and prints what its linter finds, a line each.
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

func main() {
	problems, err := promlint.New(os.Stdin).Lint()
	if err != nil {
		fmt.Println("cannot be read:", err)
	}
	for _, problem := range problems {
		fmt.Println(problem.Metric + ": " + problem.Text)
	}
}
