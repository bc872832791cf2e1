//go:build race

package dcp_test

// stride thins out what is exhaustive and twenty times slower here.
const stride = 7
