#!/bin/sh
# story.sh COORD [WORD…]: a person's first hour with an installed `coord`, on a machine that has nothing of the repository.
# Ends at the first step that does not come out as it should.
set -eu

step() { echo "story: $*"; }
fail() {
  echo "story: NOT ok: $*"
  exit 1
}

HOME=$(mktemp -d)
COORD_HOME=$HOME/coord
COORD_PORT=${COORD_PORT:-8231}
export HOME COORD_HOME COORD_PORT
unset DISPLAY WAYLAND_DISPLAY COORD_API_URL COORD_TOKEN || true
project=$HOME/project
mkdir -p "$project/.claude"
cd "$project"

step version
[ "$("$@" --version)" = "$STORY_VERSION" ] || fail "its version is $("$@" --version)"

step demo
"$@" demo >"$HOME/demo" 2>&1 || fail "demo: $(cat "$HOME/demo")"

step "serve, and what waited goes out"
"$@" enqueue POST /api/coord/locks --body '{"project_key":"demo","resource":"src/a.rs","session_id":"BOX/story"}' >/dev/null
"$@" flush --wait 0 >"$HOME/flush" 2>&1 && fail "flush without an API: exit 0"
"$@" serve >"$HOME/serve" 2>"$HOME/serve.err" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
tries=0
until grep -q listening "$HOME/serve" 2>/dev/null || grep -qi listening "$HOME/serve.err" 2>/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 300 ] || fail "serve: $(cat "$HOME/serve" "$HOME/serve.err")"
  sleep 0.1
done
"$@" flush --json >"$HOME/flush" || fail "flush: exit $? $(cat "$HOME/flush")"
grep -q '"delivered": *1' "$HOME/flush" || fail "flush: $(cat "$HOME/flush")"
"$@" locks --all --json >"$HOME/locks"
grep -q 'src/a.rs' "$HOME/locks" || fail "locks: $(cat "$HOME/locks")"

step "hooks: installed, run, removed byte for byte"
settings=$project/.claude/settings.local.json
printf '{ "keep": [1, 2] }' >"$settings"
"$@" hook install >/dev/null
"$@" hook show --json >"$HOME/hooks"
start=$(tr '{' '\n' <"$HOME/hooks" | sed -n '/"SessionStart"/s/.*"command": *"\([^"]*\)".*/\1/p')
[ -n "$start" ] || fail "no start hook: $(cat "$HOME/hooks")"
said=$(printf '{"session_id":"0b5c0c4e-story","cwd":"%s","hook_event_name":"SessionStart","source":"startup"}' "$project" | sh -c "$start")
case $said in *"You are "*) ;; *) fail "the start hook said: $said" ;; esac
"$@" doctor >"$HOME/doctor" 2>&1 || fail "doctor: $(cat "$HOME/doctor")"
"$@" hook remove >/dev/null
[ "$(cat "$settings")" = '{ "keep": [1, 2] }' ] || fail "settings after remove: $(cat "$settings")"

step "the server ends when it is asked to"
kill $server
wait $server || true
trap - EXIT
step "whole"
