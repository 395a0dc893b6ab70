# SPDX-License-Identifier: GPL-2.0
"""The patch series as data: entries under series/, overlay files at the root.

A patch is stored as its message, the names of the whole files it adds (they
live in the overlay, where they can be edited and compiled like any file) and
hunks for files the base kernel has.  Everything that reads or writes that
format is here; harness/tree, harness/tree-save and harness/mail use it.
"""

import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TREE = os.path.join(os.environ.get('BUILD', os.path.join(ROOT, 'build')), 'linux')
OVERLAY = ('arch', 'drivers', 'include', 'Documentation', 'samples', 'tools')


class Refusal(Exception):
    """One line for the user: what does not fit, and where."""


class Hunk:
    """One @@ part of a diff: where it was, the lines before, the lines after."""

    HEAD = re.compile(r'@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@')

    def __init__(self, head, lines):
        match = self.HEAD.match(head)
        if not match:
            raise Refusal(f'cannot read hunk header "{head}"')
        self.head = head
        self.start = int(match[1])
        nr_old = int(match[2] or 1)
        nr_new = int(match[3] or 1)
        self.old, self.new = [], []
        while len(self.old) < nr_old or len(self.new) < nr_new:
            line = lines.pop(0) if lines else '@'
            mark, rest = line[:1] or ' ', line[1:]
            if mark not in ' +-':
                raise Refusal(f'hunk "{head}" ends before its line counts do')
            if mark in ' -':
                self.old.append(rest)
            if mark in ' +':
                self.new.append(rest)
        if not self.old:
            raise Refusal(f'hunk "{head}" has no context')

    def place(self, lines, floor, shift):
        """Index where the hunk fits: the stated line, or else the only other one."""
        size = len(self.old)
        stated = self.start - 1 + shift
        if stated >= floor and lines[stated:stated + size] == self.old:
            return stated
        spots = [at for at in range(floor, len(lines) - size + 1)
                 if lines[at:at + size] == self.old]
        return spots[0] if len(spots) == 1 else None


def hunks_apply(hunks, text, where):
    """The text with all hunks in it; Refusal names the first that does not fit."""
    lines = text.split('\n')
    floor = shift = 0
    for number, hunk in enumerate(hunks, 1):
        at = hunk.place(lines, floor, shift)
        if at is None:
            raise Refusal(f'{where}: hunk {number} "{hunk.head}" does not fit')
        lines[at:at + len(hunk.old)] = hunk.new
        shift = at - (hunk.start - 1) + len(hunk.new) - len(hunk.old)
        floor = at + len(hunk.new)
    return '\n'.join(lines)


def diff_parse(text):
    """{path: [Hunk]} of a unified diff that only changes existing files."""
    files = {}
    path = None
    lines = text.split('\n')
    while lines:
        line = lines.pop(0)
        if line.startswith('diff --git '):
            match = re.match(r'diff --git a/(\S+) b/(\S+)$', line)
            if not match or match[1] != match[2]:
                raise Refusal(f'"{line}": renames are not taken')
            path = match[1]
            files[path] = []
        elif line.startswith('@@'):
            if path is None:
                raise Refusal(f'hunk "{line}" stands before any "diff --git" line')
            files[path].append(Hunk(line, lines))
        elif re.match(r'(new file|deleted file|rename|copy|old mode|new mode|\\ )', line):
            raise Refusal(f'{path}: "{line}": hunks only change files the base has')
        elif line and not re.match(r'(index |--- a/|\+\+\+ b/)', line):
            raise Refusal(f'{path or "diff"}: cannot read line "{line}"')
    return files


def diff_split(text):
    """{path: its part of the text} of a diff."""
    parts = re.split(r'(?m)^(?=diff --git )', text)
    return {re.match(r'diff --git a/(\S+)', part)[1]: part for part in parts if part.strip()}


class Entry:
    """One series/<name>.patch."""

    def __init__(self, name, message='', files=(), diff=''):
        self.name = name
        self.message = message
        self.files = list(files)
        self.diff = diff

    @property
    def path(self):
        return os.path.join(ROOT, 'series', self.name + '.patch')

    @property
    def subject(self):
        return self.message.split('\n', 1)[0]

    @classmethod
    def read(cls, name):
        entry = cls(name)
        try:
            with open(entry.path, encoding='utf-8') as file:
                text = file.read()
        except FileNotFoundError:
            raise Refusal(f'series/order names {name}, but series/{name}.patch is missing') from None
        match = re.match(r'Subject: (.+)\n((?:.*\n)*?)---\n', text)
        if not match:
            raise Refusal(f'series/{name}.patch: wants "Subject: ...", text, and a line "---"')
        entry.message = (match[1] + '\n\n' + match[2].strip()).strip() + '\n'
        head, mark, diff = text[match.end():].partition('diff --git ')
        entry.diff = mark + diff
        for line in filter(None, head.split('\n')):
            if not line.startswith('file: '):
                raise Refusal(f'series/{name}.patch: cannot read line "{line}"')
            entry.files.append(line[len('file: '):].strip())
        return entry

    def text(self):
        subject, _, body = self.message.partition('\n')
        parts = [f'Subject: {subject}\n\n', body.strip() + '\n' if body.strip() else '', '---\n']
        parts += [f'file: {path}\n' for path in sorted(self.files)]
        parts += ['\n', self.diff] if self.diff else []
        return ''.join(parts)

    def write(self):
        file_write(self.path, self.text())


def file_write(path, text, mode=0o644):
    """Write only what differs, whole or not at all."""
    data = text.encode() if isinstance(text, str) else text
    if os.path.exists(path):
        with open(path, 'rb') as file:
            if file.read() == data and os.stat(path).st_mode & 0o777 == mode:
                return False
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + '.new', 'wb') as file:
        file.write(data)
    os.chmod(path + '.new', mode)
    os.rename(path + '.new', path)
    return True


def order_read():
    with open(os.path.join(ROOT, 'series', 'order'), encoding='utf-8') as file:
        names = [line.split('#')[0].strip() for line in file]
    return [name for name in names if name]


def entries_read():
    """All entries in order, checked against each other and the overlay."""
    entries = [Entry.read(name) for name in order_read()]
    owner = {}
    for entry in entries:
        for path in entry.files:
            if path in owner:
                raise Refusal(f'{path}: named by {owner[path]} and by {entry.name}')
            if not os.path.isfile(os.path.join(ROOT, path)):
                raise Refusal(f'{path}: named by {entry.name}, but the file is missing')
            owner[path] = entry.name
    for path in overlay_list():
        if path not in owner:
            raise Refusal(f'{path}: no entry of series/ names this overlay file')
    subjects = [entry.subject for entry in entries]
    for subject in subjects:
        if subjects.count(subject) > 1:
            raise Refusal(f'two entries have the subject "{subject}"')
    return entries


def overlay_list():
    out = git('ls-files', '-co', '--exclude-standard', '-z', '--',
              *[top + '/' for top in OVERLAY], cwd=ROOT)
    return sorted(path for path in set(out.split('\0'))
                  if path and os.path.lexists(os.path.join(ROOT, path)))


def git(*args, cwd=TREE, data=None, env=None, raw=False):
    """Output of a git command; its own message becomes the refusal."""
    run = subprocess.run(['git', *args], cwd=cwd, input=data, capture_output=True,
                         check=False, env={**os.environ, **(env or {})})
    if run.returncode:
        message = run.stderr.decode(errors='replace').strip().split('\n')
        raise Refusal(f'git {args[0]}: {message[-1] or run.returncode}')
    return run.stdout if raw else run.stdout.decode().strip()


def ref_read(name):
    """Commit a ref points to, or an empty string."""
    try:
        return git('rev-parse', '-q', '--verify', name + '^{commit}')
    except Refusal:
        return ''


def blob_read(commit, path):
    """A file's bytes in a commit, or None when it has no such file."""
    try:
        return git('cat-file', 'blob', f'{commit}:{path}', raw=True)
    except Refusal:
        return None


def identity():
    """(name, mail) that git is configured with, or empty strings."""
    def value(key):
        try:
            return git('config', key, cwd=ROOT)
        except Refusal:
            return ''
    return (os.environ.get('GIT_AUTHOR_NAME') or value('user.name'),
            os.environ.get('GIT_AUTHOR_EMAIL') or value('user.email'))
