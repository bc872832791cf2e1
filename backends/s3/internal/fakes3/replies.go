package fakes3

import (
	"encoding/xml"
	"fmt"
	"net/http"
)

// reply answers 200 with v as XML.
func reply(w http.ResponseWriter, v any, name string) {
	w.Header().Set("Content-Type", "application/xml")
	e := xml.NewEncoder(w)
	start := xml.StartElement{Name: xml.Name{Local: name}}
	if err := e.EncodeElement(v, start); err != nil {
		panic(http.ErrAbortHandler) // the client is gone, or v is a mistake of the test
	}
}

// Fail answers with an error as S3 has it.
func Fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s on purpose</Message></Error>", code, code)
}

// Cut ends the connection.
func Cut() { panic(http.ErrAbortHandler) }
