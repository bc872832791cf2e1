// Package walkthrough holds the tests that follow a page of docs to the letter:
// files are written and commands run as the page has them, in a folder of their
// own beside a link to this repository, and what they print is compared. It has
// no code to import.
//
// A file is a block of Go whose fence names it:
//
//	```go kvfs.go
//
// A command is a line of a console block that begins with "$ "; what it prints
// follows. In that, "…" stands for any text, as a whole line for any lines.
// Durations, versions of Go and line numbers of this repository may differ, and
// lines in which the go command tells of modules are left out. A command
// that prints a line FAIL on the page has to fail, any other has to succeed.
package walkthrough
