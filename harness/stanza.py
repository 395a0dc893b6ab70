# SPDX-License-Identifier: GPL-2.0
"""Stanzas of tests/runs.cfg: what to boot, with what, and what must come out."""

import configparser
import os

from verdict import Broken

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEYS = {'groups': '', 'machine': 'q35', 'cpu': '', 'cpus': '1', 'topology': '', 'memory': '1024',
        'kernel': 'kernel', 'initrd': 'root', 'mode': 'hv', 'args': '', 'hv': '', 'qemu': '',
        'job': 'off', 'expect': 'pass', 'panic': '', 'log': '', 'dies': '', 'core': '0',
        'timeout': '60'}


class Stanza(dict):
    """Keys and values of one stanza, with its name."""

    def __init__(self, name, keys):
        super().__init__({**KEYS, **keys})
        self.name = name
        for key in self:
            if key not in KEYS:
                raise Broken(f'{name}: there is no key "{key}"')
        if self['mode'] not in ('hv', 'direct'):
            raise Broken(f'{name}: mode is hv or direct, not "{self["mode"]}"')
        for key in ('cpus', 'memory', 'core', 'timeout'):
            if not self[key].isdigit():
                raise Broken(f'{name}: {key} is a number, not "{self[key]}"')


def keys_of(config, name, above=()):
    """Keys of a section: those of what it is "like", then its own; groups are not handed on."""
    if name in above:
        raise Broken(f'{name}: is like itself')
    if name not in config:
        raise Broken(f'{above[-1]}: is like "{name}", which is not there')
    keys = {}
    for other in config[name].get('like', '').split():
        keys.update(keys_of(config, other, (*above, name)))
    keys.pop('groups', None)
    keys.update(config[name])
    keys.pop('like', None)
    keys.pop('each', None)
    return keys


def twins_add(config, name):
    """A stanza NAME-OTHER, like both and in the group NAME, for each OTHER it lists."""
    for other in config[name].get('each', '').split():
        twin = f'{name}-{other}'
        if twin in config:
            raise Broken(f'{name}: {twin} is there twice')
        config[twin] = {'like': f'{other} {name}', 'groups': name}


def read_all():
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read(os.path.join(ROOT, 'tests', 'runs.cfg'), encoding='utf-8')
    except configparser.Error as why:
        raise Broken(str(why).replace('\n', ' ')) from None
    for name in config.sections():
        twins_add(config, name)
    return [Stanza(name, keys_of(config, name)) for name in config.sections()]


def read(name, keys=()):
    """One stanza by name, with "key=value" words laid over it."""
    for run in read_all():
        if run.name == name:
            return Stanza(name, {**run, **dict(key.split('=', 1) for key in keys)})
    raise Broken(f'tests/runs.cfg has no stanza "{name}"')


def group(name):
    return [run for run in read_all() if name in run['groups'].split()]
