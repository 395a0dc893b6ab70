# SPDX-License-Identifier: GPL-2.0
"""Judge a boot by what it left: exit code, verdict port, hypervisor's log, console.

A verdict tells who is to blame: PASS; FAIL, the subject did something wrong;
CRASH, the subject fell silent; ERROR, the test could not be done.
"""

import os
import re

import core

# What the hypervisor says through QEMU's exit code (isa-debug-exit).
CODES = {33: 'power-off, clean', 35: 'power-off, not clean', 37: 'the hypervisor panicked',
         39: 'the root crashed', 41: 'the root asked for a reset', 43: 'the root halted'}
CODE_CLEAN, CODE_UNCLEAN, CODE_RESET, CODE_HALT = 33, 35, 41, 43
# Ends that are wanted by these names, and what the verdict is then.
ENDS = {'pass': (CODE_CLEAN, 'clean'), 'reset': (CODE_RESET, 'clean'),
        'halt': (CODE_HALT, 'clean')}
# How the kernel's own complaints begin; a guest's lines on the console begin otherwise.
KERNEL_TROUBLE = re.compile(r'^\[ *\d+\.\d+\] (?:WARNING: |BUG[: ]|watchdog: BUG|Oops|Kernel panic|'
                            r'-+\[ cut here|rcu: INFO: .*stall|unchecked MSR|UBSAN: |'
                            r'INFO: (?:task|trying|lockdep)|kmemleak: (?:\d+ new|.*disabled)|'
                            r'.*No irq handler for)', re.M)
TAIL_LINES = 15


class Broken(Exception):
    """The test itself cannot be done; one line says why."""


class Result:
    """The word, the reason, and one line per check that ran."""

    STATUS = {'PASS': 0, 'SKIP': 0, 'FAIL': 1, 'CRASH': 1, 'ERROR': 2}

    def __init__(self, word, why, lines):
        self.word, self.why, self.lines = word, why, lines
        self.passed = word in ('PASS', 'SKIP')
        self.status = self.STATUS[word]


def text_read(where, name):
    try:
        with open(os.path.join(where, name), encoding='utf-8', errors='replace') as file:
            return file.read().replace('\r', '')
    except OSError:
        return ''


def hv_verdict(where):
    """Why the hypervisor panicked, or its last "verdict:" line, or an empty string."""
    text = text_read(where, 'hv.log')
    found = re.findall(r'^hv: panic: *(.*?) *$', text, re.M)[:1]
    found = found or re.findall(r'^hv: verdict: *(.*?) *$', text, re.M)[-1:]
    return found[0] if found else ''


def machine_judge(run, where, code):
    """(word, why) by what QEMU and the hypervisor say, or None when they are content."""
    errors = text_read(where, 'qemu.log')
    if re.search(r"doesn't support requested feature.*\b(svm|npt)\b", errors):
        return 'ERROR', 'this QEMU cannot emulate SVM with nested paging'
    if code == 1 or (code is not None and code < 0):
        return 'ERROR', f'QEMU: {(errors.strip().splitlines() or ["ended by signal"])[-1]} ({code})'
    if code is None:
        return 'FAIL', f'hang: no end after {run["timeout"]} s'
    if run['mode'] == 'direct':
        return None if code == 0 else ('FAIL', f'QEMU exit code {code}')
    if code == 0:
        return 'FAIL', "QEMU ended behind the hypervisor's back (the root escaped it)"
    said = hv_verdict(where) or 'no verdict in hv.log'
    if run['expect'] in ENDS:
        if (code, said) != ENDS[run['expect']]:
            return 'FAIL', f'{CODES.get(code, f"exit code {code}")}: {said}'
    elif code != CODE_UNCLEAN or re.findall(r'[\w-]+(?==\d)', said) != [run['expect']]:
        return 'FAIL', f'wanted hypervisor verdict "{run["expect"]}", got "{said}" (code {code})'
    return None


ROUTE = re.compile(r'^(?:hv: )?route: (VP \d+ vector [0-9a-f]+)', re.M)


def routes_judge(where):
    """One check if the root said where its interrupts go: the hypervisor logged the same."""
    root = set(ROUTE.findall(text_read(where, 'verdict')))
    if not root:
        return []
    logged = text_read(where, 'hv.log')
    table = logged[:logged.rfind('\nhv: routes: ') + 1]
    after = [end.end() for end in re.finditer(r'^hv: routes: .*', table, re.M)]
    hypervisor = set(ROUTE.findall(table[after[-1] if after else 0:]))
    title = 'routes in the hypervisor are those of the root'
    if root == hypervisor:
        return [f'ok {title}: {len(root)}']
    return [f'not ok {title}: only the root\'s {sorted(root - hypervisor)}, '
            f'only the hypervisor\'s {sorted(hypervisor - root)}']


def panic_judge(where, text):
    """A check: the hypervisor's log says why the root panicked."""
    title = "why the root panics is on the hypervisor's log"
    said = re.findall(r'^hv: root VP \d+ panics: (.*)', text_read(where, 'hv.log'), re.M)
    return f'ok {title}' if text in said else f'not ok {title}: wanted "{text}", got {said}'


def death_judge(console, text):
    """A check: the kernel stopped before it ran anything, and said why."""
    title = 'the kernel says why it stops'
    said = re.findall(r'^\[ *\d+\.\d+\] Kernel panic - not syncing: (.*)', console, re.M)
    return f'ok {title}' if said == [text] else f'not ok {title}: wanted "{text}", got {said}'


def log_judge(where, patterns):
    """A check for each pattern: the hypervisor's log has such a line."""
    text = text_read(where, 'hv.log')
    checks = []
    for pattern in patterns:
        title = f"the hypervisor's log has: {pattern}"
        found = re.search(rf'^hv: {pattern}$', text, re.M)
        checks.append(f'ok {title}' if found else f'not ok {title}')
    return checks


def core_judge(run, where):
    """A check: the memory of the kernel that crashed is on the disk."""
    title = 'the memory of the kernel that crashed was saved'
    trouble = core.trouble(f'{where}/core', int(run['memory']) << 20, run['panic'])
    return f'not ok {title}: {trouble}' if trouble else f'ok {title}'


def judge(run, where, code):
    """Result of a boot whose QEMU ended with this code (None: at the time limit)."""
    lines = [line for line in text_read(where, 'verdict').split('\n') if line]
    checks = [line for line in lines if re.match(r'(ok|not ok|skip) ', line)] + routes_judge(where)
    broken = [line for line in lines if line.startswith('error ')]
    last = lines[-1] if lines else ''
    word, why = machine_judge(run, where, code) or (None, None)
    console = text_read(where, 'console.log')
    checks += log_judge(where, [line for line in run['log'].split('\n') if line])
    if run['panic']:
        checks.append(panic_judge(where, run['panic']))
        console = console.replace('Kernel panic', 'Kernel  panic', 1)
    if run['dies']:
        checks.append(death_judge(console, run['dies']))
        console = console.replace('Kernel panic', 'Kernel  panic', 1)
        last = last or 'verdict pass'
    if run['core'] != '0':
        checks.append(core_judge(run, where))
    trouble = KERNEL_TROUBLE.search(console)
    if word is None:
        failed = [line for line in checks if line.startswith('not ok')]
        if broken:
            word, why = 'ERROR', broken[0]
        elif not last.startswith('verdict '):
            word, why = 'CRASH', 'silence: the root gave no verdict'
        elif failed or last != 'verdict pass':
            word, why = 'FAIL', failed[0] if failed else last
        elif trouble:
            word, why = 'FAIL', f'kernel: {line_at(where, trouble)}'
        else:
            word, why = 'PASS', run['expect']
    elif trouble and word == 'FAIL':
        why += f'; kernel: {line_at(where, trouble)}'
    title = f'{run.name} ends with verdict {run["expect"]}'
    checks.append(f'ok {title}' if word == 'PASS' else f'not ok {title}: {word}: {why}')
    return Result(word, why, checks)


def line_at(where, match):
    text = text_read(where, 'console.log')
    begin = text.rfind('\n', 0, match.start()) + 1
    return text[begin:text.find('\n', match.end())].strip()


def tails_print(where):
    """The last lines of every log, and where the whole of each is.

    Marked, so that nobody counts a result among them a second time.
    """
    for name in ('qemu.log', 'hv.log', 'console.log', 'verdict'):
        lines = [line for line in text_read(where, name).split('\n') if line.strip()]
        if lines:
            print(f'--- last lines of {os.path.join(where, name)}')
            print('\n'.join(f'| {line}' for line in lines[-TAIL_LINES:]))
    print(f'--- all logs: {where}')
