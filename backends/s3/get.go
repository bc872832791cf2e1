package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/fsbase"
)

// leastProgress is how many bytes make an answer that broke off a good try: the
// next one is the first again.
const leastProgress = 64 << 10

// getter reads consecutive bytes of one version of a key: in one request, and
// in another from where it stopped when an answer breaks off.
type getter struct {
	fs     *FS
	key    string
	pin    fsbase.Version // "" for whatever version is current
	offset int64
	dst    [][]byte

	info fsbase.Info // without the path; of the version that is read
	done int64       // bytes
}

// run reads as much of dst as the object has.
func (g *getter) run(ctx context.Context) error {
	for try := 1; ; try++ {
		n, err := g.once(ctx)
		g.done += n
		if n >= leastProgress {
			try = 1
		}
		if err == nil {
			return nil
		}
		a, f := judge(ctx, err)
		err = changed(a, g.expected())
		if pin := g.expected(); pin != "" && isPastEnd(err) { // the store may look at the range before the pin
			if _, gone := g.fs.head(ctx, g.key, pin); gone != nil {
				err = gone
			}
		}
		if errors.Is(err, fsbase.ErrChanged) && g.pin == "" {
			g.done, g.info.Version = 0, "" // all from the version that is there now
			f = undone
		}
		if f == refused || try >= attempts || pause(ctx, try, a) != nil {
			return err
		}
	}
}

// expected is the version that the next answer must have.
func (g *getter) expected() fsbase.Version {
	if g.pin != "" {
		return g.pin
	}
	return g.info.Version
}

// once makes one request for what is missing.
func (g *getter) once(ctx context.Context) (int64, error) {
	f, at := g.fs, g.offset+g.done
	in := &s3.GetObjectInput{
		Bucket: &f.bucket, Key: &g.key, IfMatch: etag(g.expected()),
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", at, at+size(g.dst)-g.done-1)),
	}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	out, err := f.client.GetObject(ctx, in, f.settings)
	if err != nil {
		return 0, err
	}
	defer out.Body.Close() // an answer that is not read to its end costs its connection
	info, err := infoOf(out, at)
	if err != nil {
		return 0, err
	}
	if pin := g.expected(); pin != "" && info.Version != pin {
		return 0, &answer{class: fsbase.ErrChanged, text: "the store ignores If-Match", err: fsbase.ErrChanged}
	}
	g.info = info
	return fill(out.Body, g.dst, g.done, min(size(g.dst), info.Size-g.offset))
}

// infoOf checks that an answer begins at the byte that was asked for.
func infoOf(out *s3.GetObjectOutput, at int64) (fsbase.Info, error) {
	info := fsbase.Info{Size: aws.ToInt64(out.ContentLength), ModTime: aws.ToTime(out.LastModified), Version: version(out.ETag)}
	if info.Version == "" {
		return info, errNoETag
	}
	start := int64(0)
	if out.ContentRange != nil {
		var ok bool
		if start, info.Size, ok = parseRange(*out.ContentRange); !ok {
			return info, fmt.Errorf("the Content-Range %q is none", clean(*out.ContentRange))
		}
	}
	if start != at {
		return info, fmt.Errorf("asked for the bytes from %d on, the store answers with those from %d on", at, start)
	}
	return info, nil
}

// parseRange reads "bytes 5-9/100".
func parseRange(s string) (start, size int64, ok bool) {
	span, total, ok1 := strings.Cut(strings.TrimPrefix(s, "bytes "), "/")
	first, _, ok2 := strings.Cut(span, "-")
	start, err1 := strconv.ParseInt(first, 10, 64)
	size, err2 := strconv.ParseInt(total, 10, 64)
	return start, size, ok1 && ok2 && err1 == nil && err2 == nil && 0 <= start && start <= size
}

// isPastEnd tells the answer to a range that begins behind the last byte.
func isPastEnd(err error) bool {
	var a *answer
	return errors.As(err, &a) && status(a.err) == http.StatusRequestedRangeNotSatisfiable
}
