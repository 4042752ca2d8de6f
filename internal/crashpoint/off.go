//go:build !crashpoints

package crashpoint

// Here does nothing: this build has no crash points.
func Here(Point) {}
