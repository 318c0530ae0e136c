# Sourced by scripts that run something in another Debian, after common.sh.
# shellcheck shell=bash

# The first mirror of Debian itself in the host's apt configuration.
find_mirror() {
    local mirror
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE)' | awk '$1 !~ /security/ { print $1; exit }')
    [[ -n $mirror ]] || die 2 "no Debian mirror found: 'apt-get indextargets' lists none"
    printf '%s\n' "$mirror"
}

# Makes a root of Debian with packages, once: its sources, what apt goes by and additional certificates are the host's.
make_debian_root() { # folder suite package,...
    local folder=$1 suite=$2 packages=$3 mirror
    [[ ! -e $folder/.complete ]] || return 0
    ((EUID == 0)) || die 2 'run this as root: it creates a Debian root and changes into it'
    needs[debootstrap]='which creates Debian roots|command debootstrap'
    install_packages debootstrap
    mirror=$(find_mirror)
    say "creating Debian $suite in $folder (about a minute) ..."
    rm -rf "$folder"
    mkdir -p "$folder"
    debootstrap --variant=minbase --include="$packages" "$suite" "$folder" "$mirror" >"$folder.log" 2>&1 || {
        tail -n 20 "$folder.log" >&2
        die 1 "debootstrap failed; its full output is in $folder.log"
    }
    apt-config dump | grep -E '^Acquire::(Check|http|https)[^ ]* "[^"]+";' >"$folder/etc/apt/apt.conf.d/90host" || true
    printf 'deb %s %s main\n' "$mirror" "$suite" >"$folder/etc/apt/sources.list"
    cp -r /usr/local/share/ca-certificates "$folder/usr/local/share/"
    chroot "$folder" update-ca-certificates >>"$folder.log" 2>&1
    touch "$folder/.complete"
}
