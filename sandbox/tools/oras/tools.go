//go:build tools

// Package tools pins the commands that the sandbox builds from this module.
package tools

import (
	_ "oras.land/oras/cmd/oras"
)
