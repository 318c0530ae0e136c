# syntax=docker/dockerfile:1
# convolve as one native executable on a base without a shell; it computes with Convolve's own kernels (AVX2).
#
#   docker build -t convolve .
#   docker run --rm -p 127.0.0.1:8080:8080 -v "$PWD/runs/fashion:/model:ro" convolve serve fashion=/model --host 0.0.0.0
#
# The files of the image without an engine, and their size: scripts/container-files.sh
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN apt-get update && apt-get install -y --no-install-recommends clang zlib1g-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN scripts/container-files.sh /app

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /app /app
EXPOSE 8080
ENTRYPOINT ["/app/Convolve.Cli"]
CMD ["--help"]
