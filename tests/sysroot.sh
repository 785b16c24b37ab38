#!/bin/bash
# bash, make and coreutils for RISC-V, of Debian, under `perfvec run --sysroot`: a script and a build
# give what the host's own give, and every process is measured.
#
#   tests/sysroot.sh [FOLDER]
#
# FOLDER keeps the packages (default: a new one). Nothing of the system's own apt is changed; the
# mirror is the one that it uses. Debian has riscv64 from trixie on.
set -euo pipefail
cd "$(dirname "$0")/.."
perfvec=$PWD/target/release/perfvec
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
apt=${1:-$work/packages}
mkdir -p "$apt"
apt=$(realpath "$apt")
if [ ! -d "$apt/root/usr" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/$' | head -n 1)
    mkdir -p "$apt"/etc/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} \
        "$apt"/state/lists/partial "$apt"/cache/archives/partial "$apt/root/usr"
    touch "$apt/state/status"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$keys arch=riscv64] $mirror trixie main" >"$apt/etc/sources.list"
    cat >"$apt/apt.conf" <<EOF
Dir::Etc "$apt/etc";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
APT::Architecture "riscv64";
APT::Architectures { "riscv64"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
EOF
    export APT_CONFIG=$apt/apt.conf
    apt-get -qq update
    apt-get -qq -y --download-only install bash dash make coreutils sed grep
    # As Debian has them: links to the folders in usr.
    for name in bin lib sbin; do
        mkdir -p "$apt/root/usr/$name"
        ln -sfn "usr/$name" "$apt/root/$name"
    done
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -C "$apt/root" --keep-directory-symlink -x
    done
    [ -e "$apt/root/bin/sh" ] || ln -s dash "$apt/root/bin/sh"
    unset APT_CONFIG
fi

mkdir -p "$work/sub"
cd "$work"
cat >script.sh <<'EOF'
x=0
for i in 1 2 3; do x=$((x + i)); done
echo "sum $x" | sed s/sum/total/
seq 1 20 | sort -rn | head -n 3 | grep -c .
(cd sub && pwd | wc -l)
trap 'echo caught' USR1; kill -USR1 $$
env NAME=value bash -c 'echo $0 $NAME $1' first second
(sleep 0.1; echo late) & wait
f=$(mktemp) && echo written >"$f" && cat "$f" && rm "$f"
exit 3
EOF
cat >Makefile <<'EOF'
all: out.txt deep
out.txt: a.txt b.txt
	cat a.txt b.txt | sort > out.txt && wc -l out.txt
%.txt:
	@for i in 1 2 3 4 5; do echo "$@ $$i"; done > $@
deep: out.txt
	@$(MAKE) --no-print-directory -C sub
	@env NAME=1 sh -c 'echo $$NAME; exec head -n 1 out.txt'
EOF
printf 'all:\n\t@echo sub; seq 1 1000 | tail -n 1\n' >sub/Makefile

check() { # check CODE FEWEST PROGRAM...: as the host's, whole, and of so many processes
    local code=$1 fewest=$2 want got=0
    shift 2
    rm -f ./*.txt
    "$@" >want || true
    rm -f ./*.txt
    "$perfvec" run --core rocket-like --json result.json --sysroot "$apt/root" -- \
        "$apt/root/bin/$1" "${@:2}" >got 2>said || got=$?
    diff want got
    [ "$got" = "$code" ] || { cat said >&2; echo "sysroot.sh: $1 gave $got" >&2; return 1; }
    python3 - "$fewest" "$1" <<'EOF'
import json, sys
result = json.load(open("result.json"))
all = result["processes"]
assert result["partial"] is None, result["partial"]
assert sum(p["retired"] for p in all) == result["retired"]
pids = {p["pid"] for p in all}
assert len(pids) >= int(sys.argv[1]), len(pids)
print(f"{sys.argv[2]}: {result['retired']} instructions of {len(pids)} processes")
EOF
}
check 3 15 bash script.sh
check 0 10 make -s -j2
