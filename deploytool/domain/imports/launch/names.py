"""Programs by name: those that start others, those that start nothing of ours, those of other languages."""

from __future__ import annotations

import re
from typing import NamedTuple


class Prefix(NamedTuple):
    """A program that runs the rest of its arguments: `timeout -k 5 10 python app.py`."""

    valued: frozenset[str] = frozenset()  # options that take a value
    skips: int = 0  # words of its own before the command
    separator: bool = False  # the command comes only behind `--`


def _prefix(valued: str = "", skips: int = 0, separator: bool = False) -> Prefix:
    return Prefix(frozenset(valued.split()), skips, separator)


PREFIXES = {
    **dict.fromkeys(("tini", "catatonit", "docker-init"), _prefix("-p -e")),
    "dumb-init": _prefix("-r --rewrite"),
    **dict.fromkeys(("gosu", "su-exec", "s6-setuidgid", "setuidgid"), _prefix("", 1)),
    "nice": _prefix("-n --adjustment"),
    "ionice": _prefix("-c -n -p"),
    "timeout": _prefix("-k --kill-after -s --signal", 1),
    "stdbuf": _prefix("-i -o -e"),
    "taskset": _prefix("", 1),
    "numactl": _prefix(),
    "flock": _prefix("-w --timeout -E", 1),
    "sudo": _prefix("-u --user -g --group -h -p"),
    "runuser": _prefix("-u --user -g --group"),
    "setpriv": _prefix("--reuid --regid --groups --inh-caps --bounding-set"),
    "chpst": _prefix("-u -U -e -n"),
    "xvfb-run": _prefix("-s --server-args -n --server-num -e -f -w -p"),
    "xargs": _prefix("-I -n -P -L -d -a -s -E"),
    **dict.fromkeys(("nohup", "catsegv", "catchsegv", "setsid", "command", "builtin", "time", "unbuffer"), _prefix()),
    **dict.fromkeys(
        ("ddtrace-run", "trace-run", "memray-run", "python-launcher", "launcher", "cloudsqlproxy-run"), _prefix()
    ),
    "opentelemetry-instrument": _prefix(
        "--traces_exporter --metrics_exporter --logs_exporter --service_name --exporter_otlp_endpoint --propagators"
        " --resource_attributes --exporter_otlp_protocol"
    ),
    "newrelic-admin": _prefix("", 1),
    **dict.fromkeys(("doppler", "op", "infisical", "berglas", "chamber", "aws-vault", "teller"), _prefix("", 0, True)),
    **dict.fromkeys(("wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh"), _prefix("", 0, True)),
    "watchmedo": _prefix("", 0, True),
    "py-spy": _prefix("", 0, True),
    "dockerize": _prefix("-wait -timeout -template -stdout -stderr -wait-retry-interval -wait-http-header -poll"),
    "pipenv": _prefix("", 1),
    "pdm": _prefix("-p --project", 1),
    "rye": _prefix("", 1),
    "poetry": _prefix("-C --directory -P --project", 1),
    "conda": _prefix("-n --name -p --prefix --cwd", 1),
    "micromamba": _prefix("-n --name -p --prefix --cwd", 1),
    "mamba": _prefix("-n --name -p --prefix --cwd", 1),
    "uv": _prefix(
        "--with --with-editable --with-requirements --project --directory --env-file -p --python --extra --no-extra"
        " --group --no-group --only-group --package --index-url --cache-dir --config-file --color --index -C",
        1,
    ),
}
# These run a command only below one subcommand.
RUNNERS = {
    "newrelic-admin": ("run-program",),
    "poetry": ("run",),
    "pipenv": ("run",),
    "pdm": ("run",),
    "rye": ("run",),
    "uv": ("run",),
    "conda": ("run",),
    "micromamba": ("run",),
    "mamba": ("run",),
}

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"))

_NOTHING = """
    : [ true false echo printf test set unset export exit return break continue read wait trap kill sleep pwd umask
    ulimit shopt local declare readonly typeset let alias unalias hash type times getopts pushd popd dirs fg bg jobs
    disown history logger
    cat ls cp mv rm mkdir rmdir ln touch chmod chown chgrp stat df du find grep egrep fgrep sed awk gawk cut tr head
    tail tee sort uniq wc date basename dirname realpath readlink mktemp id whoami hostname uname nproc env-print getent
    seq expr bc jq yq diff cmp md5sum sha1sum sha256sum base64 xxd od openssl gpg tar gzip gunzip unzip zip bzip2 xz
    curl wget nc ncat netcat ping dig nslookup host ip ifconfig ss netstat lsof ps pgrep pkill killall top free mount
    umount mountpoint sync chroot adduser addgroup useradd usermod groupadd groupmod passwd install which whereis
    apt apt-get apk dpkg yum dnf pip pip3 locale-gen ldconfig update-ca-certificates ssh-keygen ssh scp rsync git
    gcloud gsutil bq aws az s3cmd rclone kubectl psql pg_isready pg_dump pg_restore createdb mysql mysqladmin mysqldump
    redis-cli mongo mongosh sqlite3 envsubst tzselect nvidia-smi ffmpeg gcsfuse fusermount cloud_sql_proxy
    cloud-sql-proxy printenv column paste comm join split fold nl rev tac yes clear tput stty less more vi nano sysctl
    chromedriver dbus-daemon
    playwright deactivate end compgen complete mapfile readarray exec-nothing
"""
NOTHING = frozenset(_NOTHING.split())

# Servers that read no Python, whatever runs beside them.
_BESIDE = """
    nginx caddy traefik haproxy envoy varnishd lighttpd openresty prometheus grafana-server grafana ollama
    redis-server memcached postgres rabbitmq-server mongod mysqld sshd Xvfb fluentd fluent-bit
"""
BESIDE = frozenset(_BESIDE.split())
SERVICES = frozenset(
    ("nginx", "redis-server", "redis", "ssh", "sshd", "postgresql", "mysql", "mariadb", "memcached", "dbus")
)
# Programs that could start or host Python in turn: nobody reads their sources here.
_OTHERS = """
    node nodejs npm npx yarn pnpm bun deno tsx ts-node nodemon pm2 pm2-runtime next nuxt vite serve http-server
    java javac kotlin scala sbt mvn gradle catalina.sh
    ruby bundle bundler rails rake puma unicorn rackup
    php php-fpm composer apache2 apache2-foreground apachectl httpd httpd-foreground unitd passenger
    dotnet mono perl R Rscript lua elixir erl mix iex julia cargo go rustc swift dart flutter
"""
OTHERS = frozenset(_OTHERS.split())

# Base images in which no Python is started unless something is installed.
_WITHOUT_PYTHON = """
    golang rust node openjdk eclipse-temurin amazoncorretto nginx scratch ruby php maven gradle denoland/deno oven/bun
    caddy httpd elixir erlang haproxy traefik envoyproxy/envoy swift dart haskell r-base rocker tomcat jetty perl
    nginxinc/nginx-unprivileged mcr.microsoft.com/dotnet distroless/static distroless/base distroless/cc
    distroless/java distroless/nodejs redis postgres mysql memcached grafana/grafana prom/prometheus
"""
WITHOUT_PYTHON = tuple(_WITHOUT_PYTHON.split())
# Base images that start Python by themselves, with CMD as its arguments.
STARTING_PYTHON = ("distroless/python", "cgr.dev/chainguard/python")
# Base images out of which compiled programs are copied.
COMPILING = (
    "golang",
    "rust",
    "haskell",
    "swift",
    "dart",
    "gcc",
    "clang",
    "mcr.microsoft.com/dotnet",
    "ghcr.io/graalvm",
)

_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*t?(?:-dbg)?\Z")


def is_python(name: str) -> bool:
    return _PYTHON.match(name) is not None


def is_image(image: str, names: tuple[str, ...]) -> bool:
    """Is this base image one of these, whatever its registry, tag or flavour?"""
    bare = image.split("@", 1)[0].lower()
    head, slash, tail = bare.rpartition("/")
    bare = head + slash + tail.split(":", 1)[0]
    return any(
        bare == name or f"/{bare}".endswith(f"/{name}") or (f"/{name}" in f"/{bare}" and "/" in name) for name in names
    )
