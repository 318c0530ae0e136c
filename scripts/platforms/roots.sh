# Sourced by platforms.sh: what the programs of other systems run in. Each is made once, in the cache folder.
# shellcheck shell=bash

# ARM64's libraries, unpacked: those that .NET needs, and oneDNN with its threads.
make_arm64() {
    needs[qemu-user-static]='runs programs for ARM64|command qemu-aarch64-static'
    install_packages qemu-user-static
    local folder=$cache/arm64 state=$cache/arm64-apt package
    [[ ! -e $folder/.complete ]] || return 0
    say "unpacking ARM64's libraries ..."
    rm -rf "$folder" "$state"
    mkdir -p "$folder" "$state"/{state/lists/partial,cache/archives/partial,debs}
    : >"$state/status"
    printf 'deb %s bookworm main\n' "$(find_mirror)" >"$state/sources.list"
    local options=(-o "Dir::State=$state/state" -o "Dir::State::status=$state/status" -o "Dir::Cache=$state/cache"
        -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- -o APT::Architecture=arm64 -o APT::Architectures::=arm64
        -o APT::Sandbox::User=root)
    {
        apt-get "${options[@]}" -q update
        cd "$state/debs"
        apt-get "${options[@]}" -q download libc6 libstdc++6 libgcc-s1 zlib1g libssl3 libdnnl2 libgomp1
        cd "$root"
    } >"$state.log" 2>&1 || die 1 "apt-get failed; all that it said is in $state.log"
    for package in "$state"/debs/*.deb; do
        dpkg -x "$package" "$folder"
    done
    touch "$folder/.complete"
}

# Wine 10, which Debian 12 does not have. The folder of the Windows system is made anew for every run.
make_windows() {
    local debian=$cache/windows/debian
    mkdir -p "$cache/windows"
    make_debian_root "$debian" trixie ca-certificates
    if [[ ! -x $debian/usr/lib/wine/wine64 ]]; then
        say 'installing Wine (about a minute) ...'
        {
            cat /etc/resolv.conf >"$debian/etc/resolv.conf"
            chroot "$debian" apt-get -q update
            DEBIAN_FRONTEND=noninteractive chroot "$debian" apt-get install -q -y --no-install-recommends wine64 wine
        } >"$cache/windows/wine.log" 2>&1 || die 1 "apt-get failed; all that it said is in $cache/windows/wine.log"
    fi
    rm -rf "$cache/windows/prefix"
    # Without the dialogs that offer Mono and Gecko. In later runs this setting would keep .NET's assemblies from loading.
    (cd "$cache" && WINEDLLOVERRIDES='mscoree=;mshtml=' "$root/scripts/platforms/wine.sh" "$cache" wine wineboot -i) \
        >"$cache/windows/boot.log" 2>&1 || die 1 "Wine doesn't start; all that it said is in $cache/windows/boot.log"
    trap stop_wine EXIT
}

# Wine's server stays for a while after the last program.
stop_wine() {
    trap - EXIT
    (cd "$cache" && "$root/scripts/platforms/wine.sh" "$cache" wineserver -k) || true
}

# musl runs .NET's own files for it. libstdc++, libgcc_s and OpenSSL are glibc's; a shim has what they miss in musl.
make_musl() {
    needs[musl-tools]='compiles for musl, and brings it|command musl-gcc'
    needs[libssl3]='OpenSSL, for checksums|library libssl.so.3'
    install_packages musl-tools libssl3
    mkdir -p "$cache/musl"
    local library
    for library in libstdc++.so.6 libgcc_s.so.1 libssl.so.3 libcrypto.so.3; do
        cp -L "/usr/lib/$HOSTTYPE-linux-gnu/$library" "$cache/musl/"
    done
    # libssl's and libgcc_s's name for what loads them, which they take more functions from.
    musl-gcc -shared -fPIC -O2 -Wall -Werror -o "$cache/musl/ld-linux-x86-64.so.2" "$root/scripts/platforms/musl-shim.c"
}
