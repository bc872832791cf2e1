package safetensors

import (
	"github.com/godcp/godcp/ckpterr"
)

// checkSet makes sure that files that tell of a save are all the files of one,
// and returns its id; "" when no file tells of one.
func checkSet(files []file, indexed bool) (saveID string, err error) {
	var first *file
	for i := range files {
		if files[i].save != nil {
			first = &files[i]
			break
		}
	}
	if first == nil {
		return "", nil
	}
	found := make(map[int]string, len(files))
	for i := range files {
		f := &files[i]
		if err := f.joins(first); err != nil {
			return "", f.at(err)
		}
		if other, twice := found[f.save.File]; twice {
			return "", f.at(ckpterr.New(ckpterr.BadSafetensors, "it is file %d of its save, and so is %q", f.save.File, other))
		}
		found[f.save.File] = f.name
	}
	for n := 1; n <= first.save.Files; n++ { // ends with the first that is missing
		if _, ok := found[n]; !ok {
			return "", ckpterr.New(ckpterr.MissingFile, "file %d of %d of save %q is not there", n, first.save.Files, clip(first.save.SaveID)).
				WithHint("the save did not finish, is still running, or not all of its files were copied")
		}
	}
	if first.save.Indexed && !indexed {
		e := ckpterr.New(ckpterr.MissingFile, "it is not there, and all %d data files are", first.save.Files).
			WithHint("the save did not finish, is still running, or the index was not copied along")
		e.File = IndexName
		return "", e
	}
	return first.save.SaveID, nil
}

// joins refuses a file that is not of the same set as another.
func (f *file) joins(other *file) error {
	a, b := f.save, other.save
	switch {
	case a == nil:
		return ckpterr.New(ckpterr.BadSafetensors, "it is of no save, and %q is of %q", other.name, clip(b.SaveID))
	case a.SaveID != b.SaveID:
		return ckpterr.New(ckpterr.BadSafetensors, "it is of save %q, and %q is of %q", clip(a.SaveID), other.name, clip(b.SaveID))
	case a.Attempt != b.Attempt || a.Files != b.Files || a.Indexed != b.Indexed:
		return ckpterr.New(ckpterr.BadSafetensors, "it is of another attempt at save %q than %q", clip(a.SaveID), other.name)
	}
	return nil
}
