package fsbase

import (
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// splitScheme divides at "://". A bare path has no scheme, and so have the
// Windows paths of a drive: one letter is no scheme.
func splitScheme(rawURL string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(rawURL, "://")
	if !ok || len(scheme) == 1 && isLetter(scheme[0]) {
		return "", "", false
	}
	return scheme, rest, true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// validScheme is RFC 3986's rule, without schemes of one letter.
func validScheme(s string) bool {
	if len(s) < 2 || !isLetter(s[0]) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r > 0x7f || !isLetter(byte(r)) && !strings.ContainsRune("0123456789+-.", r)
	})
}

// parse reads a URL or a bare path. What is not a URL may have a secret at any
// place of it, so the error has nothing of it and nothing of url.Parse.
func parse(rawURL string) (*url.URL, error) {
	if rawURL == "" {
		return nil, fmt.Errorf("an empty URL: %w", fs.ErrInvalid)
	}
	scheme, _, ok := splitScheme(rawURL)
	if !ok {
		return &url.URL{Scheme: "file", Path: rawURL}, nil
	}
	u, err := url.Parse(rawURL)
	if err != nil || !validScheme(scheme) {
		return nil, fmt.Errorf("not a URL, and not a bare path because it has \"://\" in it: %w", fs.ErrInvalid)
	}
	return u, nil
}

// Redact returns what of a URL may be printed: scheme, host and path, without
// userinfo, query and fragment. A bare path is returned as it is.
func Redact(rawURL string) string {
	scheme, rest, ok := splitScheme(rawURL)
	if !ok {
		return rawURL
	}
	host := len(rest)
	if _, err := url.Parse(rawURL); err == nil {
		host = authority(rest)
	} // else a password may have "/", "?" or "#" in it: all before the last "@" is one
	rest = rest[strings.LastIndexByte(rest[:host], '@')+1:]
	if query := strings.IndexAny(rest, "?#"); query >= 0 {
		rest = rest[:query]
	}
	return scheme + "://" + rest
}

// authority is the length of the userinfo and host that rest begins with.
func authority(rest string) int {
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return i
	}
	return len(rest)
}

// UnknownSchemeError: no backend is registered for the scheme.
type UnknownSchemeError struct {
	Scheme string
	Known  []string // the registered schemes
}

// packages are our backends by scheme.
var packages = map[string]string{
	"azblob": "gocloud", "file": "local", "gs": "gcs", "mem": "memfs", "s3": "s3",
}

func (e *UnknownSchemeError) Error() string {
	known := "there are none"
	if len(e.Known) > 0 {
		known = "there are " + strings.Join(e.Known, ", ")
	}
	missing := `one like import _ "github.com/godcp/godcp/backends/NAME"`
	if name, ok := packages[e.Scheme]; ok {
		missing = fmt.Sprintf(`import _ "github.com/godcp/godcp/backends/%s"`, name)
	}
	return fmt.Sprintf("no backend for scheme %q: %s; an import may be missing: %s", e.Scheme, known, missing)
}

// UnknownParameterError: a query parameter that the backend does not know.
type UnknownParameterError struct {
	Scheme    string
	Parameter string
	Known     []string
}

func (e *UnknownParameterError) Error() string {
	known := "it has none"
	if len(e.Known) > 0 {
		known = "it has " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("scheme %q has no parameter %q: %s", e.Scheme, e.Parameter, known)
}

// Unwrap makes the error fs.ErrInvalid.
func (e *UnknownParameterError) Unwrap() error { return fs.ErrInvalid }

// CheckParams refuses query parameters that are not among known with an
// *[UnknownParameterError], and those that are given twice or cannot be read
// with fs.ErrInvalid. No value of a parameter is in the error.
func CheckParams(u *url.URL, known ...string) error {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fmt.Errorf("the query cannot be read: %w", fs.ErrInvalid)
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if !slices.Contains(known, name) {
			return &UnknownParameterError{Scheme: u.Scheme, Parameter: name, Known: known}
		}
		if n := len(q[name]); n > 1 {
			return fmt.Errorf("parameter %q is given %d times: %w", name, n, fs.ErrInvalid)
		}
	}
	return nil
}
