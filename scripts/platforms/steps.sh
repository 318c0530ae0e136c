# Sourced by platforms.sh: what is run on every system, and compared with x64 Linux.
# shellcheck shell=bash
# shellcheck disable=SC2154

rows=()
end=()
failures=0

record() { # platform step result remark
    printf -v row '| %s | %s | %s, %d s | %s |' "$1" "$2" "$3" "$SECONDS" "$4"
    rows+=("$row")
    echo "$row"
    [[ $3 != FAILED ]] || ((failures += 1))
}

print_table() {
    printf '\n%s, commit %s\n\n' "$(date -u +%F)" "$(git -C "$root" describe --always --dirty)"
    printf '%s\n' '| system | step | result | remark |' '| --- | --- | --- | --- |' "${rows[@]}"
    printf '\n%d steps, %d failed\n' ${#rows[@]} "$failures"
    ((failures == 0))
}

# Small pictures of every kind that the tests have, in two classes, one with an umlaut; and a folder with a file that is cut off.
make_photos() {
    needs[python3]='unpacks the pictures|command python3'
    install_packages python3
    rm -rf "$cache/photos" "$cache/bad-photos"
    python3 - "$root/test/Convolve.Imaging.Tests/golden/pictures.json" "$cache" <<'PY'
import base64, json, os, sys
kinds = [(b"\xff\xd8", "jpg"), (b"\x89PNG", "png"), (b"RIFF", "webp"), (b"BM", "bmp"), (b"GIF8", "gif")]
pictures = [(p["name"], base64.b64decode(p["file"])) for p in json.load(open(sys.argv[1]))]
for folder in ("photos", "bad-photos"):
    for i, (name, data) in enumerate(pictures):
        kind = next(kind for start, kind in kinds if data.startswith(start))
        path = os.path.join(sys.argv[2], folder, ("cat", "H\u00e4hne")[i % 2])
        os.makedirs(path, exist_ok=True)
        if folder == "bad-photos" and i == 0:
            data = data[:len(data) * 2 // 3]
        with open(os.path.join(path, f"{name}.{kind}"), "wb") as file:
            file.write(data)
PY
}

# The program for this machine.
prepare_reference() {
    install_packages dataset-fashion-mnist
    make_photos
    publish_program linux-x64
    rm -rf "$cache/work"
    mkdir -p "$cache/work"
}

# A command of the program, in the work folder.
launch() { (launch_here timeout -k 10 3600 "$@"); }

# The same in place of this shell, whose process id is then the program's.
launch_here() { # [timeout option...] argument...
    local limit=()
    [[ $1 != timeout ]] || { limit=("${@:1:4}") && shift 4; }
    exec env -u CONVOLVE_DATA CONVOLVE_KERNELS="$kernels" COLUMNS=300 XDG_CACHE_HOME="$work/cache" "${limit[@]}" "${start[@]}" "$@"
}

# Text that may have the line ends and paths of Windows.
plain() { tr -d '\r' | tr '\\' / | sed 's|Z:/|/|g'; }

# Of a run, every loss and accuracy in full and the digest of the weights; nothing that is a matter of time, and of the learning rate
# what its cosine has in every libm.
figures() { # run
    sed -E -e 's/("learning_rate":[0-9.]{10})[0-9]*/\1/' \
        -e 's/"(images_per_second|seconds|data_seconds|measured_memory_bytes)":[^,}]*,?//g' "$1/metrics.jsonl"
    sha256sum <"$1/model.safetensors"
}

train() { (train_here "$@"); } # run epochs option...

train_here() {
    launch_here train lenet5 --data fashion-mnist --data-dir "$data" --seed 1 --threads 2 --out "$1" --epochs "$2" "${@:3}"
}

train_photos() { launch train lenet5 --data folder:../../photos --input 3x32x32 --epochs 1 --seed 1 --threads 2 --out photos-run; }

# What a step prints is kept below its name. A step sets remark.
step() { # name command...
    local name=$1
    SECONDS=0
    remark=''
    if "${@:2}" >"$work/$name.log" 2>&1; then
        record "$platform, $kernels" "$name" passed "$remark"
    else
        record "$platform, $kernels" "$name" FAILED "${remark:-see $work/$name.log}"
        return 1
    fi
}

same() { # one other
    cmp "$1" "$2" || {
        diff "$1" "$2" | head -n 20
        remark="differs from x64: ${remark:-see $work}"
        return 1
    }
}

# Of a JSON text, the first value of this name.
field() { tr -d '\r\n' | grep -oE "\"$1\": *(\"[^\"]*\"|[^],}]*)" | head -n 1 | sed -E 's/^[^:]*: *"?//; s/"$//'; }

show_info() {
    local library
    launch info && launch info --json >"$work/info.json" || return 1
    library=$(field kernel_library <"$work/info.json")
    remark="$library, $(field instruction_set <"$work/info.json"), $(field own_kernel_bits <"$work/info.json") bit; "
    remark+="$(field processor <"$work/info.json"), .NET $(field dotnet <"$work/info.json")"
    [[ -n $library && $library != null ]] || {
        remark=$(field precision_reason <"$work/info.json" | sed "s/\\\\u0027/'/g")
        return 1
    }
}

show_summary() {
    launch summary lenet5 | plain >"$work/summary.txt" || return 1
    [[ ! -e $reference/summary.txt ]] || same "$reference/summary.txt" "$work/summary.txt"
}

train_short() {
    train run 2 --limit 1000 || return 1
    figures "$work/run" >"$work/run.figures"
    remark=$(sed -nE 's/.*"test_loss":([0-9.]{6})[0-9]*,"test_accuracy":([0-9.]*).*/accuracy \2, loss \1/p' "$work/run/metrics.jsonl")
    [[ ! -e $reference/run.figures ]] || { same "$reference/run.figures" "$work/run.figures" && remark+=', weights and figures as on x64'; }
}

# On this system and, of the same run folder, on x64.
evaluate() {
    local here there
    here=$(launch evaluate run --data-dir "$data" --predictions predictions.csv --json | field accuracy) || return 1
    there=$(start=("$cache/programs/linux-x64/Convolve.Cli") && kernels=managed &&
        launch evaluate run --data-dir "$data" --json | field accuracy) || return 1
    remark="accuracy $here; x64 gets $there from this run folder"
    # Of 1,000 images, kernels of another library may see two differently.
    awk -v a="$here" -v b="$there" -v most="$([[ $kernels == managed ]] && echo 0 || echo 0.002)" \
        'BEGIN { d = a - b; exit a == "" || b == "" || (d < 0 ? -d : d) > most + 1e-9 }' || return 1
    plain <"$work/predictions.csv" >"$work/predictions.txt"
    [[ ! -e $reference/predictions.txt ]] ||
        { same "$reference/predictions.txt" "$work/predictions.txt" && remark+='; predictions as on x64'; }
}

verify_photos() {
    local status=0
    launch data verify folder:../../photos | plain >"$work/photos.txt" || return 1
    launch data verify folder:../../bad-photos 2>&1 | plain >"$work/bad-photos.txt" || status=$?
    cat "$work/photos.txt" "$work/bad-photos.txt"
    remark="$(find "$cache/photos" -type f | wc -l) pictures; the cut-off one is named"
    if ((status != 2)) || ! tr -s '\n ' ' ' <"$work/bad-photos.txt" | grep -q 'cat/[^ ]*: this JPEG file is cut off'; then
        remark="the cut-off picture is not named (status $status)"
        return 1
    fi
    [[ ! -e $reference/photos.txt ]] ||
        { same "$reference/photos.txt" "$work/photos.txt" && same "$reference/bad-photos.txt" "$work/bad-photos.txt"; }
}

learn_photos() {
    train_photos || return 1
    figures "$work/photos-run" >"$work/photos-run.figures"
    [[ ! -e $reference/photos-run.figures ]] ||
        { same "$reference/photos-run.figures" "$work/photos-run.figures" && remark='pixels, weights and figures as on x64'; }
}

# A run that is killed after its first epoch and resumed has the bits of one that is left alone.
resume_killed() {
    local pid i
    train_here killed 6 "${long[@]}" &
    pid=$!
    for ((i = 0; i < 6000; i++)); do
        ! compgen -G "$work/killed/checkpoint/epoch-*" >/dev/null && kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    if ((${#end[@]})); then "${end[@]}"; else kill -KILL "$pid"; fi
    wait "$pid" && { remark='it ended before it was killed'; return 1; }
    remark="killed after epoch $(grep -c '"epoch"' "$work/killed/metrics.jsonl") of 6"
    launch train --resume killed --data-dir "$data" || return 1
    figures "$work/killed" >"$work/killed.figures"
    same "$uninterrupted/long.figures" "$work/killed.figures" && remark+=', then the bits of an uninterrupted run'
}

train_long() {
    train long 6 "${long[@]}" || return 1
    figures "$work/long" >"$work/long.figures"
}

run_common_steps() {
    step summary show_summary || true
    step train train_short || true
    step evaluate evaluate || true
    step verify verify_photos || true
    step photos learn_photos || true
}

# The same on x64 with the same kernels: what the others have to come to.
run_reference() { # variables
    reference=/nonexistent
    work=$cache/work/x64-$kernels${1:+-$1}
    if [[ ! -e $work ]]; then
        mkdir -p "$work"
        local platform="x64${1:+ $1}" start=(env ${1:+"$1"} "$cache/programs/linux-x64/Convolve.Cli")
        cd "$work"
        run_common_steps
        step long train_long || true
    fi
    reference=$work uninterrupted=$work
}

# Kernels of oneDNN are others on every processor: nothing is compared with x64 then.
run_steps() { # platform kernels variables
    platform=$1 kernels=$2
    # Enough images that it is not over before it is killed, and not more.
    long=()
    [[ $platform != arm64 ]] || long=(--limit 1000)
    reference=/nonexistent
    [[ $kernels != managed ]] || run_reference "$3"
    work=$cache/work/$platform-$kernels
    mkdir -p "$work"
    cd "$work"
    if step info show_info; then # without kernels nothing else can be
        run_common_steps
        if [[ $kernels != managed ]]; then
            step long train_long || true
            uninterrupted=$work
        fi
        step resume resume_killed || true
    fi
    cd "$root"
}
