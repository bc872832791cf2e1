//go:build !race

package dcp_test

const stride = 1
