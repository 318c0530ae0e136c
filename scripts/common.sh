# Sourced by ./convolve and ./dev: what they install, and how they build. The caller sets $root (the checkout) and $program (its name).
# shellcheck shell=bash

# The system packages: name = why | how to check that it is installed. A library counts wherever the loader finds it, Debian's or not:
# any one of the sonames will do. A soname or a path may be a pattern; any one will do.
declare -A needs=(
    [libturbojpeg0]='the faster JPEG decoder|library libturbojpeg.so.0'
    [dataset-fashion-mnist]='the Fashion-MNIST images|path /usr/share/datasets/fashion-mnist'
    [libdnnl-dev]='the kernel library'\''s headers|path /usr/include/dnnl.h /usr/include/oneapi/dnnl/dnnl.h'
    [libopenblas0-openmp]='a threaded BLAS for PyTorch|path /usr/lib/*/openblas-openmp/libopenblas.so.0'
    [python3-torch]='PyTorch, which benchmarks and slow tests compare with|path /usr/lib/python3/dist-packages/torch'
    [python3-onnx]='ONNX, whose checker tests compare with|path /usr/lib/python3/dist-packages/onnx'
    [python3-opencv]='OpenCV, which tests run exported networks in|path /usr/lib/python3/dist-packages/cv2*'
    [python3-h5py]='h5py, whose files tests read|path /usr/lib/python3/dist-packages/h5py'
    [openmpi-bin]='Open MPI, which connects the processes of a run|command mpirun'
    [g++]='the C++ compiler|command g++'
)

# The launcher's tests look for system files below another folder.
system=${CONVOLVE_SYSTEM_ROOT:-}

say() { printf '%s: %s\n' "$program" "$*" >&2; }

die() { # status message...
    local status=$1
    shift
    say "$@"
    exit "$status"
}

is_there() { # package
    local kind what item folder folders
    read -r kind what <<<"${needs[$1]#*|}"
    local IFS=' '
    for item in $what; do # a pattern has been replaced by its matches, if there are any
        case $kind in
            command) type -P "$item" >/dev/null && return ;;
            path) compgen -G "$system$item" >/dev/null && return ;;
            library)
                IFS=: read -ra folders <<<"${LD_LIBRARY_PATH:-}"
                for folder in "${folders[@]}" "$system"{/usr/lib,/lib}/"$HOSTTYPE-linux-gnu" "$system"{/usr/local/lib,/usr/lib64,/usr/lib}; do
                    [[ -n $folder ]] || continue
                    [[ -e $folder/$item ]] && return
                    [[ $item == *'*' ]] && compgen -G "$folder/$item" >/dev/null && return
                done
                ;;
        esac
    done
    # Only a library in none of the usual folders costs a process.
    [[ $kind == library && -z $system ]] || return
    local cache
    cache=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) || return
    for item in $what; do
        # shellcheck disable=SC2053
        [[ $cache == *[[:space:]]$item\ * ]] && return
    done
    return 1
}

# Debian names the kernel library's package after its version. Any version will do; without one, other systems are asked for the newest
# that they have.
find_kernel_package() {
    local release='' newest=''
    local need='the kernel library|library libdnnl.so.2 libdnnl.so.3 libdnnl.so.3.*'
    [[ ! -r $system/etc/os-release ]] || read -rd '' release <"$system/etc/os-release" || true
    kernel_package=libdnnl2
    [[ $'\n'$release$'\n' != *$'\n'ID=debian$'\n'* || $release != *'VERSION_ID="13"'* ]] || kernel_package=libdnnl3.6
    needs[$kernel_package]=$need
    if [[ $'\n'$release$'\n' != *$'\n'ID=debian$'\n'* ]] && ! is_there $kernel_package; then
        newest=$(apt-cache pkgnames libdnnl 2>/dev/null | grep -E '^libdnnl[0-9.]+$' | sort -V) || newest=''
        newest=${newest##*$'\n'}
        kernel_package=${newest:-$kernel_package}
        needs[$kernel_package]=$need
    fi
}
find_kernel_package

# What every command but help may need.
# shellcheck disable=SC2034
libraries=("$kernel_package")

# Installs what is missing of the named packages, or says how and ends with status 2.
install_packages() { # package...
    local package missing=()
    for package in "$@"; do
        is_there "$package" || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return

    local sudo=() typed='sudo ' update=''
    ((EUID == 0)) && ! type -P sudo >/dev/null && typed=''
    compgen -G "$system/var/lib/apt/lists/*_Packages*" >/dev/null || update="${typed}apt-get update && "
    typed="$update${typed}apt-get install -y ${missing[*]}"

    local refusal=''
    if [[ ${CONVOLVE_NO_INSTALL:-0} != 0 ]]; then
        refusal='CONVOLVE_NO_INSTALL is set'
    elif ! type -P apt-get >/dev/null; then
        refusal='apt-get not found; these are the Debian package names'
    elif ((EUID != 0)); then
        if ! type -P sudo >/dev/null; then
            refusal='not root, and no sudo'
        elif sudo -n true 2>/dev/null; then
            sudo=(sudo -n)
        elif [[ -t 0 && -t 2 ]]; then
            sudo=(sudo) # asks for the password on the terminal
        else
            refusal='sudo would ask for a password'
        fi
    fi
    if [[ -n $refusal ]]; then
        for package in "${missing[@]}"; do
            say "$package (${needs[$package]%%|*}) is missing"
        done
        say "can't install it ($refusal). Install it with:"
        printf '  %s\n' "$typed" >&2
        exit 2
    fi

    for package in "${missing[@]}"; do
        say "installing $package (${needs[$package]%%|*}) ..."
    done
    local log
    log=$(mktemp)
    apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1; }
    [[ -z $update ]] || apt update || true
    # A failed install is most often an outdated list: update and try once more.
    if ! apt install -y "${missing[@]}" && ! { apt update && apt install -y "${missing[@]}"; }; then
        cat "$log" >&2
        rm -f "$log"
        say "apt-get failed. To retry:"
        printf '  %s\n' "$typed" >&2
        exit 2
    fi
    rm -f "$log"
}

# Sets $dotnet to a dotnet that has .NET 10: the first on PATH, then DOTNET_ROOT's, then the install script's.
# An ordinary installation is seen by its folders, which costs no process; a wrapper is asked.
find_dotnet() {
    local candidates candidate real folder sdks found=()
    mapfile -t candidates < <(type -aP dotnet)
    candidates+=("${DOTNET_ROOT:-/usr/share/dotnet}/dotnet" "${HOME:-/root}/.dotnet/dotnet")
    for candidate in "${candidates[@]}"; do
        [[ -x $candidate ]] || continue
        real=$(readlink -f -- "$candidate")
        folder=${real%/*}
        if compgen -G "$folder/sdk/10.0.*" >/dev/null && compgen -G "$folder/shared/Microsoft.NETCore.App/10.0.*" >/dev/null; then
            dotnet=$candidate
            return
        fi
        sdks=$("$candidate" --list-sdks 2>/dev/null) || sdks=''
        if [[ $'\n'$sdks == *$'\n'10.0.* ]]; then
            dotnet=$candidate
            return
        fi
        while read -r sdk _; do
            [[ -n $sdk ]] && found+=("$sdk")
        done <<<"$sdks"
    done
    local have=${found[*]:-none}
    die 2 ".NET 10 SDK not found (found: $have). Install it from https://dotnet.microsoft.com/download/dotnet/10.0, or run:
  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0"
}

configure_dotnet() {
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en DOTNET_GENERATE_ASPNET_CERTIFICATE=false
    export HOME="${HOME:-$root/.build/home}" # the SDK refuses to start without one
}

program_dll=src/Convolve.Cli/bin/Release/net10.0/Convolve.Cli.dll

# Every file the program is built from, with its time and size: whatever adds, deletes, edits or restores one changes this text.
list_sources() {
    cd "$root"
    local files=(src)
    local file
    for file in Directory.*.props Directory.*.targets global.json [Nn]u[Gg]et.[Cc]onfig; do
        [[ -e $file ]] && files+=("$file")
    done
    find "${files[@]}" \( -name bin -o -name obj \) -prune -o -type f ! -name '.*' ! -name '*~' -printf '%T@ %s %p\n' | LC_ALL=C sort
}

# Whether a build may write here; a root-owned or read-only checkout is used as it is.
is_writable() {
    local place
    for place in .build .build/lock src/Convolve.Cli/bin src/Convolve.Cli/obj; do
        [[ ! -e $root/$place || -w $root/$place ]] || return 1
    done
    [[ -w $root ]]
}

is_current() {
    [[ -f $root/$program_dll && -f $root/.build/sources ]] && [[ $(list_sources) == "$(<"$root/.build/sources")" ]]
}

# Builds a project or the solution in Release and notes from which sources. Only one build runs in a checkout: a second caller waits, and
# with "unless_current" then finds the work done. The lock stays with the build (descriptor 9) even if this shell is killed.
build() { # always|unless_current notice project [option...]
    local when=$1 notice=$2 project=$3 sources=$root/.build/sources log=$root/.build/build.log now
    shift 3
    mkdir -p "$root/.build"
    exec 9>"$root/.build/lock"
    flock 9
    if [[ $when == unless_current ]] && is_current; then
        exec 9>&-
        return
    fi
    [[ -z $notice ]] || say "$notice"
    now=$(list_sources)
    local options=(-c Release --disable-build-servers -tl:off -nologo -v:quiet -clp:NoSummary)
    # MSBuild goes by time alone: without a note of the last build, or when a changed file is older than it, it must compile everything.
    if [[ ! -f $sources ]] || ! LC_ALL=C comm -13 "$sources" - <<<"$now" | awk -v built="$(stat -c %Y "$sources")" '$1 < built { exit 1 }'; then
        options+=(--no-incremental)
    fi
    rm -f "$sources"
    if ! (cd "$root" && configure_dotnet && "$dotnet" build "$project" "${options[@]}" "$@" </dev/null >"$log" 2>&1); then
        # Each error once, without the project it is in; if the build died without one, all its output.
        { grep -E '(: |^)(error|fatal error)|MSBUILD *: error|warning .*as error' "$log" || cat "$log"; } |
            sed -E "s|^ *||; s| \[[^]]*\]\$||; s|^$root/||" | awk '!seen[$0]++' >&2
        die 1 'the build failed'
    fi
    printf '%s\n' "$now" >"$sources"
    exec 9>&-
}
