package local

import "testing"

func TestMountedWithLocalLocks(t *testing.T) {
	const mounts = `22 28 0:21 / /proc rw,nosuid - proc proc rw
97 28 0:52 / /home rw,relatime shared:50 - nfs4 srv:/home rw,vers=4.2,local_lock=none,addr=10.0.0.1
98 28 0:53 / /data rw,relatime shared:51 - nfs srv:/data rw,vers=3,local_lock=all,addr=10.0.0.1
99 28 0:54 / /flock rw,relatime - nfs srv:/flock rw,vers=3,local_lock=flock,addr=10.0.0.1
100 28 0:55 / /v3 rw,relatime shared:1 master:2 - nfs srv:/v3 rw,vers=3,nolock,addr=10.0.0.1
101 28 0:56 / /lustre rw - lustre mgs@tcp:/fs rw,localflock,lazystatfs
102 28 0:57 / /lustre2 rw - lustre mgs@tcp:/fs rw,flock,lazystatfs
103 28 0:58 / /posix rw - nfs srv:/posix rw,vers=3,local_lock=posix
short line
`
	for device, here := range map[string]bool{
		"0:52": false, "0:53": true, "0:54": true, "0:55": true, "0:56": true, "0:57": false, "0:58": false,
		"0:99": true, // not in the list: not known
	} {
		if got := mountedWithLocalLocks(mounts, device); got != here {
			t.Errorf("%s: %v; want %v", device, got, here)
		}
	}
}
