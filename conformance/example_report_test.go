package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// report stands for one that a run has written.
func report() *conformance.Report {
	rep, err := conformance.Verify(context.Background(), open(), conformance.Only("names/", "exclusive/cancelled"), conformance.WithSeed(7),
		conformance.WithImplementation(conformance.Implementation{Name: "mystore", Version: "v1.4.0"}),
		conformance.WithExceptions(conformance.Exception{Check: "names/bytes", Reason: "names have at most 100 bytes"}))
	if err != nil {
		log.Fatal(err)
	}
	for i := range rep.Checks {
		rep.Checks[i].Seconds = 0
	}
	return rep
}

// A backend publishes what its own tests found.
func ExampleRun_publish() {
	_ = func(t *testing.T) {
		rep := conformance.Run(t, conformance.Harness{
			New:            func(testing.TB) fsbase.FileSystemBase { return open() },
			Implementation: conformance.Implementation{Name: "mystore", Version: "v1.4.0", URL: "https://example.com/mystore"},
		})
		text, err := json.MarshalIndent(rep, "", "  ")
		if err == nil {
			err = os.WriteFile("report.json", text, 0o666)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// What wraps backends is tested around one that conforms.
func ExampleRunWrapper() {
	_ = func(t *testing.T) {
		h := conformance.Harness{New: func(testing.TB) fsbase.FileSystemBase { return open() }}
		conformance.RunWrapper(t, h, func(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
			sub, err := fsbase.Sub(inner, "tenants/7")
			if err != nil {
				t.Fatal(err)
			}
			return sub
		})
	}
}

func ExampleVerifyWrapper() {
	rep, err := conformance.VerifyWrapper(context.Background(), open(), mutants.Prefixed, conformance.Only("wrapper/"))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range rep.Checks[:3] {
		fmt.Println(c.ID, c.Result)
	}
	// Output:
	// wrapper/hands-out pass
	// wrapper/bypass pass
	// wrapper/own-format pass
}

func ExampleReport_Badge() {
	text, err := json.Marshal(report().Badge())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	// Output:
	// {"schemaVersion":1,"label":"fsbase contract v1","message":"not all checks ran","color":"lightgrey"}
}

func ExampleReport_WriteJUnit() {
	rep := report()
	rep.Suite.Digest = "…"
	if err := rep.WriteJUnit(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <testsuites name="conformance" tests="14" failures="0" errors="0" skipped="1" time="0.000">
	//   <testsuite name="names" tests="13" failures="0" errors="0" skipped="0" time="0.000">
	//     <properties>
	//       <property name="implementation" value="mystore"></property>
	//       <property name="version" value="v1.4.0"></property>
	//       <property name="contract" value="1"></property>
	//       <property name="suite" value="…"></property>
	//       <property name="seed" value="7"></property>
	//     </properties>
	//     <testcase name="names/invalid-path" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/root" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/concat" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/bytes" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/distinct" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/every-call" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/large" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/patterns" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/reserved" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/long" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/nested" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/validate-id" classname="conformance.names" time="0.000"></testcase>
	//     <testcase name="names/beside" classname="conformance.names" time="0.000"></testcase>
	//   </testsuite>
	//   <testsuite name="exclusive" tests="1" failures="0" errors="0" skipped="1" time="0.000">
	//     <properties>
	//       <property name="implementation" value="mystore"></property>
	//       <property name="version" value="v1.4.0"></property>
	//       <property name="contract" value="1"></property>
	//       <property name="suite" value="…"></property>
	//       <property name="seed" value="7"></property>
	//     </properties>
	//     <testcase name="exclusive/cancelled" classname="conformance.exclusive" time="0.000">
	//       <skipped message="absent: needs [ExclusiveCreator]"></skipped>
	//     </testcase>
	//   </testsuite>
	// </testsuites>
}

func ExampleReport_WriteMarkdown() {
	var page strings.Builder
	if err := report().WriteMarkdown(&page); err != nil {
		log.Fatal(err)
	}
	title, _, _ := strings.Cut(page.String(), "\n")
	fmt.Println(title)
	// Output:
	// # Conformance of mystore v1.4.0
}

func ExampleReadReport() {
	_, err := conformance.ReadReport(strings.NewReader(`{"version": 7}`))
	var version *conformance.ReportVersionError
	if errors.As(err, &version) {
		fmt.Println(version)
	}
	// Output:
	// a conformance report of version 7, and only 1 can be read
}
