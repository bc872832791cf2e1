package conformance

import _ "embed"

//go:embed report.schema.json
var reportSchema string

// ReportSchema returns the JSON Schema of reports, which is also the file
// conformance/report.schema.json of the repository.
func ReportSchema() string { return reportSchema }
