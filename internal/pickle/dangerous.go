package pickle

import "strings"

// dangerousModules hold functions that run code, start processes, open files
// or sockets, or change the interpreter. Submodules count.
var dangerousModules = func() map[string]bool {
	m := make(map[string]bool)
	for _, s := range strings.Fields(`
		os posix nt ntpath posixpath subprocess _posixsubprocess sys importlib _frozen_importlib
		_frozen_importlib_external imp runpy ctypes _ctypes socket _socket socketserver ssl shutil pty
		code codeop types operator _operator functools _functools marshal pickle _pickle cPickle
		pickletools dill cloudpickle joblib shelve copyreg copy_reg multiprocessing _multiprocessing
		asyncio _asyncio threading _thread thread concurrent signal _signal platform timeit profile
		cProfile pdb bdb webbrowser antigravity urllib urllib2 http httplib ftplib
		smtplib poplib imaplib telnetlib xmlrpc requests tempfile glob pip setuptools pkg_resources
		distutils ensurepip venv inspect atexit mmap fcntl site
		sitecustomize usercustomize commands popen2 linecache fileinput zipimport pkgutil modulefinder
		compileall py_compile doctest unittest idlelib lib2to3 tkinter turtledemo rlcompleter
		builtins __builtin__ __main__.builtins nntplib winreg _winreg msvcrt winsound pyexpat crypt
		faulthandler
		numpy.testing numpy.f2py numpy.distutils numpy.load numpy.lib.npyio numpy.core._dtype_ctypes
		numpy.ctypeslib scipy.io pandas.io pandas.eval IPython jupyter_core ipykernel sympy.parsing
		torch.hub torch.jit torch.package torch.utils.cpp_extension torch.utils.bottleneck
		torch.utils.collect_env torch.utils.model_zoo torch.multiprocessing
		torch._inductor torch._dynamo torch.fx torch.ops torch._ops torch.classes torch._classes
		torch.distributed.rpc
		torch.distributed.elastic torch.distributed.run torch.distributed.launch
		torch.distributed.launcher`) {
		m[s] = true
	}
	return m
}()

// harmless are the names of builtins that make plain data.
var harmless = func() map[string]bool {
	m := make(map[string]bool)
	for _, s := range strings.Fields(`set frozenset bytearray complex list dict tuple int long float bool
		str unicode bytes object range xrange slice Ellipsis NotImplemented`) {
		m[s] = true
	}
	return m
}()

// dangerousNames are functions of modules that are otherwise fine.
var dangerousNames = func() map[string]bool {
	m := make(map[string]bool)
	for _, s := range strings.Fields(`
		torch.load torch.save torch.compile torch.serialization.load torch.serialization._load
		torch.serialization._legacy_load torch.serialization.save torch.from_file torch.import_ir_module
		torch.storage._load_from_bytes
		torch.distributed.checkpoint.format_utils.torch_save_to_dcp
		torch.distributed.checkpoint.format_utils.dcp_to_torch_save
		torch.distributed.checkpoint.load torch.distributed.checkpoint.save
		torch.distributed.checkpoint.state_dict_loader.load
		torch.distributed.checkpoint.state_dict_saver.save
		io.open io.open_code io.FileIO _io.open _io.open_code _io.FileIO codecs.open bz2.open gzip.open
		lzma.open bz2.BZ2File gzip.GzipFile lzma.LZMAFile zipfile.ZipFile tarfile.open tarfile.TarFile
		logging.FileHandler logging.config.listen logging.config.fileConfig logging.config.dictConfig
		numpy.load numpy.save numpy.fromfile numpy.memmap numpy.loadtxt numpy.genfromtxt numpy.savetxt
		pandas.read_pickle pandas.eval pandas.read_csv uuid._popen uuid._get_command_stdout
		sqlite3.connect sqlite3.dbapi2.connect typing._eval_type dataclasses.make_dataclass`) {
		m[s] = true
	}
	return m
}()

// reconstructors are the functions of dangerous modules that picklers of plain
// data use.
var reconstructors = map[Global]bool{
	{"copyreg", "_reconstructor"}:  true,
	{"copy_reg", "_reconstructor"}: true,
	{"copyreg", "__newobj__"}:      true,
	{"copyreg", "__newobj_ex__"}:   true,
	{"types", "SimpleNamespace"}:   true,
}

// KnownDangerous tells whether g could run code or touch the system if it were
// called. Names with dots (attributes reached through an innocent module) are.
func KnownDangerous(g Global) bool {
	if strings.Contains(g.Name, ".") || g.Module == "" || g.Name == "" {
		return true
	}
	if g.Module == "builtins" || g.Module == "__builtin__" || g.Module == "exceptions" {
		return !harmless[g.Name] && !isException(g.Name)
	}
	if reconstructors[g] {
		return false
	}
	if dangerousNames[g.Module+"."+g.Name] {
		return true
	}
	for m := g.Module; ; {
		if dangerousModules[m] {
			return true
		}
		i := strings.LastIndexByte(m, '.')
		if i < 0 {
			return false
		}
		m = m[:i]
	}
}

// isException admits the exceptions of builtins: data with a message.
func isException(name string) bool {
	return strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Exception")
}
