#!/bin/sh
# Runs one throw-away Postgres cluster for the test process that started it:
#
#   cluster.sh BIN DIR
#
# BIN holds initdb and pg_ctl; DIR exists, is ours and is removed at the end.
# It prints "ready" once the server answers on the socket in DIR, or else the
# server's log. Standard input is a pipe that the test process never writes to:
# its end means that process is gone, even by SIGKILL, and so the server goes.
bin=$1
dir=$2

# An interrupt from the keyboard reaches the whole group. The test process dies
# of it, and that is told to us by the pipe; dying as well would leave a server.
trap '' HUP INT PIPE TERM

state=starting
finish() {
	"$bin/pg_ctl" stop -s -m immediate -D "$dir/data" >/dev/null 2>&1 || true
	[ "$state" = ready ] || cat "$dir/log"
	rm -rf "$dir"
}
trap finish EXIT
set -e

# Locale C orders text by bytes, as SQLite does, so that one suite fits both.
"$bin/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C \
	-D "$dir/data" >"$dir/log" 2>&1

# Nothing here outlives the process: durability would only cost time. A vacuum
# of the template would stand in the way of its clones.
cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
max_connections = 200
fsync = off
full_page_writes = off
autovacuum = off
CONF
"$bin/pg_ctl" start -s -w -t 60 -D "$dir/data" -l "$dir/log" >>"$dir/log" 2>&1

state=ready
echo ready || true
read -r _ || true
