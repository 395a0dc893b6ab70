# SPDX-License-Identifier: GPL-2.0
"""build/linux: a git repository with the base kernel and one commit per patch.

The whole series is computed before a file is touched, so a base that does not
fit leaves nothing behind.  Only files whose content differs are then checked
out: the rest keep their times, and the kernel build stays incremental.
"""

import os
import re
import shutil
import subprocess
import sys

import series
from series import Refusal, TREE, git, ref_read

MARK_DONE = 'refs/harness/series'       # what the last run checked out
MARK_WANT = 'refs/harness/wanted'       # set while a checkout is under way
UNPACK_MIB = 3000       # unpacked source, its git objects, the tree made of them
CHECKOUT_MIB = 1500
BUILT = ('.config', 'include/config', 'include/generated')


def version_check(source):
    """Kernel version of a source directory; refuse all but 5.10.y."""
    try:
        with open(os.path.join(source, 'Makefile'), encoding='utf-8') as file:
            head = file.read(1000)
    except OSError:
        raise Refusal(f'{source}: no Makefile there: not a kernel source tree') from None
    part = dict(re.findall(r'^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$', head, re.M))
    version = '.'.join(part.get(key, '?') for key in ('VERSION', 'PATCHLEVEL', 'SUBLEVEL'))
    if not re.match(r'5\.10\.\d+$', version):
        raise Refusal(f'{source}: Linux {version}, but the series is for 5.10.y')
    return version


def base_commit(source, title, index):
    """Record a source directory as a commit without parent; the directory is only read."""
    env = {'GIT_DIR': os.path.join(TREE, '.git'), 'GIT_WORK_TREE': source,
           'GIT_INDEX_FILE': os.path.join(TREE, '.git', index)}
    git('add', '-A', '-f', '.', cwd=source, env=env)
    tree = git('write-tree', env=env)
    date = f'{int(os.stat(os.path.join(source, "Makefile")).st_mtime)} +0000'
    who = {'NAME': 'Linux', 'EMAIL': 'base@localhost', 'DATE': date}
    env = {f'GIT_{role}_{key}': value for role in ('AUTHOR', 'COMMITTER')
           for key, value in who.items()}
    return git('commit-tree', '-m', title, tree, env=env)


def space_check(mib):
    free = shutil.disk_usage(os.path.dirname(TREE)).free >> 20
    if free < mib:
        raise Refusal(f'no disk space: {os.path.dirname(TREE)} has {free} MiB free, '
                      f'the kernel tree needs {mib}')


def base_from_dir(source):
    source = os.path.abspath(source)
    version = version_check(source)
    for name in BUILT:
        if os.path.exists(os.path.join(source, name)):
            raise Refusal(f'{source}: has been built in ({name}); give a clean tree')
    return base_commit(source, f'Linux {version}', 'index-dir')


def base_from_deb(deb):
    """Unpacks once per package; the ref appears when the commit is complete."""
    name = os.path.basename(os.path.realpath(deb)).rsplit('_', 1)[0]
    ref = 'refs/harness/base/' + re.sub(r'[^\w.+-]', '-', name)
    if ref_read(ref):
        return ref_read(ref)
    part = TREE + '.part'
    shutil.rmtree(part, ignore_errors=True)
    space_check(UNPACK_MIB)
    os.mkdir(part)
    print(f'tree: unpacking {name} (about a minute)', flush=True)
    pipe = ('set -o pipefail; dpkg-deb --fsys-tarfile "$1" | '
            'tar -xO --wildcards "./usr/src/linux-source-*.tar.xz" | '
            'tar -xJ -C "$2" --strip-components=1')
    if subprocess.run(['bash', '-c', pipe, 'unpack', deb, part], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        shutil.rmtree(part, ignore_errors=True)
        raise Refusal(f'{deb}: cannot be unpacked (disk full, or file damaged: remove it)')
    version = version_check(part)
    print('tree: recording it as the base commit', flush=True)
    commit = base_commit(part, f'Linux {version} ({name})', 'index-deb')
    git('update-ref', ref, commit)
    shutil.rmtree(part)
    return commit


def entry_apply(entry, base, now):
    """{path: (mode, bytes)} that one patch changes; `now` holds the files so far."""
    change = {}
    for path in entry.files:
        if series.blob_read(base, path) is not None:
            raise Refusal(f'{entry.name}: {path}: overlay file exists in the base already')
        full = os.path.join(series.ROOT, path)
        with open(full, 'rb') as file:
            change[path] = ('755' if os.access(full, os.X_OK) else '644', file.read())
    for path, hunks in series.diff_parse(entry.diff).items():
        mode, data = now.get(path) or (None, series.blob_read(base, path))
        if data is None:
            raise Refusal(f'{entry.name}: {path}: the base has no such file')
        if mode is None:
            mode = git('ls-tree', base, '--', path).split()[0][-3:]
        where = f'{entry.name}: {path}'
        change[path] = (mode, series.hunks_apply(hunks, data.decode(), where).encode())
    if not change:
        raise Refusal(f'{entry.name}: changes nothing')
    return change


def series_commit(base, entries):
    """One commit per entry on top of the base; returns the last one."""
    name, mail = series.identity()
    who = f'{name or "series"} <{mail or "series@localhost"}> '
    who += git('log', '-1', '--format=%at +0000', base)
    now, stream, parent = {}, [], base
    for mark, entry in enumerate(entries, 1):
        try:
            change = entry_apply(entry, base, now)
        except Refusal as why:
            text = str(why)
            raise Refusal(text if text.startswith(entry.name) else f'{entry.name}: {text}') from None
        now.update(change)
        message = entry.message.encode()
        stream.append(f'commit refs/harness/new\nmark :{mark}\nauthor {who}\n'
                      f'committer {who}\ndata {len(message)}\n'.encode() + message)
        stream.append(f'\nfrom {parent}\n'.encode())
        parent = f':{mark}'
        for path, (mode, data) in sorted(change.items()):
            stream.append(f'M {mode} inline {path}\ndata {len(data)}\n'.encode() + data + b'\n')
    if not entries:
        return base
    git('fast-import', '--quiet', '--force', data=b''.join(stream))
    new = ref_read('refs/harness/new')
    git('update-ref', '-d', 'refs/harness/new')
    return new


def edits_refuse():
    """Whatever somebody changed in build/linux since the last run stays theirs."""
    advice = 'keep it with "make tree-save", or drop it with "harness/tree --force"'
    if ref_read('HEAD') != ref_read(MARK_DONE):
        raise Refusal(f'{TREE} has commits that series/ does not have: {advice}')
    dirty = git('status', '--porcelain', '-uno').splitlines()
    if dirty:
        raise Refusal(f'{TREE} was edited ({dirty[0].strip()}): {advice}')


def files_new():
    """Files somebody added to build/linux. No build writes there, and Debian's
    .gitignore hides everything, so only what editors leave is passed over."""
    skip = [arg for name in ('*~', '.*.swp', '*.orig', '*.rej', '*.o', '__pycache__')
            for arg in ('-x', name)]
    return git('ls-files', '-o', *skip).splitlines()


def interrupted():
    """No checkout was ever completed, or the last one was not."""
    return bool(ref_read(MARK_WANT) or not ref_read(MARK_DONE))


def checkout(base, commit, force=False):
    """Make build/linux that commit; false when it is there already."""
    if not interrupted() and not force and commit == ref_read(MARK_DONE):
        return False
    if not os.path.exists(os.path.join(TREE, 'Makefile')):
        space_check(CHECKOUT_MIB)
    git('update-ref', MARK_WANT, commit)
    run = subprocess.run(['git', 'checkout', '-f', '--progress', '-B', 'series', commit],
                         cwd=TREE, check=False, stdout=subprocess.DEVNULL,
                         stderr=None if sys.stderr.isatty() else subprocess.DEVNULL)
    if run.returncode:
        raise Refusal(f'cannot check out {TREE} (disk full?)')
    if force:
        git('clean', '-fdqx')
    git('update-ref', 'refs/heads/base', base)
    git('update-ref', MARK_DONE, commit)
    git('update-ref', '-d', MARK_WANT)
    return True


def repository_open():
    """Make the repository, or clear away what an interrupted run left."""
    if not os.path.isdir(os.path.join(TREE, '.git', 'refs')):
        os.makedirs(TREE, exist_ok=True)
        git('init', '-q', '-b', 'series')
        git('config', 'gc.auto', '0')
        git('config', 'core.autocrlf', 'false')
    lock = os.path.join(TREE, '.git', 'index.lock')
    if ref_read(MARK_WANT) and os.path.exists(lock):
        os.unlink(lock)
