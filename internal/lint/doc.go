// Package lint holds the tests that keep the repository as docs/design.md draws
// it: which package imports which, and what every file must be like. It has no
// code to import.
package lint
