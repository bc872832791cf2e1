package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/godcp/godcp/conformance"
)

// defect is what a server does wrong so that a check fails which the backend
// passes on S3 as it is documented.
type defect struct {
	check  string
	reason string
	signs  []string // one is in each failure of the check
	always bool     // else only when requests meet
}

// s3Defects are those of the servers by name, at the versions that package
// servers has. docs/backends.md lists them.
var s3Defects = map[string][]defect{
	"minio": {{
		check:  "list/many-prefixes",
		reason: "minio of 2026-02-12 does not list what is below the name of an object",
		signs:  []string{"names instead of"}, always: true,
	}},
	"versitygw": {
		{
			check: "names/every-call",
			reason: "versitygw 1.8.0 cannot replace an object whose last path element has more than 227 bytes: " +
				"the name under which it links the new one is 28 bytes longer, and it answers 409 ExistingObjectIsDirectory",
			signs: []string{"409 ExistingObjectIsDirectory"}, always: true,
		},
		{
			check: "names/long",
			reason: "versitygw 1.8.0 answers 500 to the CompleteMultipartUpload of an object whose last path element has more " +
				"than 255 bytes, so that whether it is there is unknown; a PutObject it refuses",
			signs: []string{"outcome of the commit is unknown: CompleteMultipartUpload: 500"}, always: true,
		},
		{
			check: "race/crossing",
			reason: "versitygw 1.8.0 answers 500 to a CopyObject that it has carried out, when somebody then removes the source or " +
				"the copy; asked again, it says 404, and whether the copy was made is unknown",
			signs: []string{"outcome of the commit is unknown: CopyObject: 404 NoSuchKey"},
		},
		{
			check: "list/beside-writes",
			reason: "versitygw 1.8.0 lists the temporary name under which it links what takes the place of an object, if it " +
				"lists the folder at that moment",
			signs: []string{".sgwtmp."},
		},
		removesBetween("history/swap"), removesBetween("history/handles"),
		removesBetween("history/overwrite"), removesBetween("history/exclusive"), removesBetween("swap/beside-removal"),
		tears("race/overwrite"), tears("race/overwrite-large"), tears("race/rename-over"), tears("race/every-way"),
		tears("ranged/race"), tears("ranged/race-large"), tears("race/infos"),
	},
}

// removesBetween is the defect of versitygw that no order explains.
func removesBetween(check string) defect {
	return defect{
		check: check,
		reason: "versitygw 1.8.0 removes an object without the lock that a write under If-Match holds between looking at the " +
			"ETag and linking the new object, so that a swap of what is removed meanwhile succeeds",
		signs: []string{"no order of these calls", "the answer has no ETag or no length", "and both return nil"},
	}
}

// tears is the defect of versitygw that shows when somebody overwrites what is
// read.
func tears(check string) defect {
	return defect{
		check: check,
		reason: "versitygw 1.8.0 looks at the size, then at the ETag, then opens the file for GetObject: during an overwrite an " +
			"answer may have the ETag of one version and the size or bytes of the other",
		signs: []string{"mixture", "reads other bytes", "checksum", "tells the version"},
	}
}

// exceptions are the defects as the suite has them.
func exceptions(defects []defect) []conformance.Exception {
	var x []conformance.Exception
	for _, d := range defects {
		x = append(x, conformance.Exception{Check: d.check, Reason: d.reason})
	}
	return x
}

// onlyDefects demands that a check which is excepted fails of the defect and of
// nothing else, and that a defect that shows each time is still there.
func onlyDefects(t *testing.T, rep *conformance.Report, defects []defect) {
	t.Helper()
	if rep == nil {
		return // go test -run left out every check
	}
	for _, d := range defects {
		for _, c := range rep.Checks {
			if c.ID != d.check {
				continue
			}
			failures := strings.TrimSpace(strings.TrimPrefix(c.Detail, d.reason))
			switch {
			case c.Result == conformance.Pass && d.always:
				t.Errorf("%s passes: the exception is not needed any more", d.check)
			case c.Result == conformance.Excepted:
				for failure := range strings.SplitSeq(failures, "\n") {
					if said := func(sign string) bool { return strings.Contains(failure, sign) }; !detail(failure) && !slices.ContainsFunc(d.signs, said) {
						t.Errorf("%s fails of something else than the defect: %s", d.check, failure)
					}
				}
			}
		}
	}
}

// detail tells whether a line belongs to a failure that is told before it: the
// calls of a history are indented.
func detail(line string) bool {
	return strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "the seed is ")
}
