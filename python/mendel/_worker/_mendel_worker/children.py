"""Tells which started programs report what they read, and which must be taken as readers of all."""

import glob
import os
import sys

# Programs that tell about the machine or the code, and read no data of a project.
_HARMLESS = frozenset(
    "cc clang cuobjdump df echo false fc-list free g++ gcc getconf groups hostname id ld ldconfig locale lsb_release "
    "lscpu lspci nproc nvcc nvdisasm nvidia-smi objdump ps ptxas rocm-smi rocminfo rocm_agent_enumerator sleep stty "
    "sw_vers sysctl tput true tty uname uptime wandb-core wandb-service which whoami".split()
)
_GIT = frozenset(
    "branch config describe diff log ls-remote remote rev-list rev-parse status symbolic-ref version".split()
)
_SHELLS = ("sh", "bash", "dash", "zsh")
_SHELL_SIGNS = frozenset("|&;<>()$`\\\"'*?[]#~={}\n")
# `echo` opens no file that its words name.
_ECHO_SIGNS = frozenset("|&;<>()`*?[\n")


def started(observer, program, words, environment, folder):
    """A program was started: one that does not report what it reads is told."""
    words = words_of(program, words)
    if not observer.reports_child(words, environment):
        _unobserved(observer, os.path.basename(words[0]), words[1:], folder)
    observer.flush()


def told_shell(observer, text):
    """The shell was given a line."""
    if not observer.reports_child(["sh", "-c", text], None):
        _unobserved(observer, "sh", [text], None)
    observer.flush()


def _unobserved(observer, program, words, folder):
    observer.unobserved(program)
    for word in words:
        for part in [word, word.partition("=")[2], *word.replace("=", " ").split()]:
            part = part.strip("\"'`;,()<>|&")
            if not part or "\0" in part or len(part) >= 4096:
                continue
            observer.touched(part, folder)
            if any(sign in part for sign in "*?["):
                for path in glob.iglob(os.path.join(folder or "", part)):
                    observer.touched(path)


def words_of(program, words):
    """The words of a call as text, the program first."""
    words = [words] if isinstance(words, (str, bytes, os.PathLike)) else list(words or ())
    words = [os.fsdecode(word) for word in words]
    if program is not None:
        words[:1] = [os.fsdecode(program)]
    return words


def is_observed(words, environment, folder):
    """Whether the program reports itself, by the worker in ``folder``, or reads nothing that counts."""
    if not words:
        return False
    name = os.path.basename(words[0])
    if name in _SHELLS and len(words) == 3 and words[1] == "-c":
        return is_observed_text(words[2], environment, folder)
    if name == "git":
        command = next((word for word in words[1:] if not word.startswith("-")), "version")
        return command in _GIT
    if name in _HARMLESS:
        return not any(os.path.exists(word) for word in words[1:] if not word.startswith(("/tmp/", "/dev/")))
    return _is_python(words) and _reports(words[1:]) and _hands_on(environment, folder)


def is_observed_text(text, environment, folder):
    """The same of a line for the shell."""
    text = os.fsdecode(text)
    words = text.split()
    signs = _ECHO_SIGNS if words[:1] == ["echo"] else _SHELL_SIGNS
    return not signs.intersection(text) and is_observed(words, environment, folder)


def _is_python(words):
    if words[0] == sys.executable or os.path.basename(words[0]).startswith("python"):
        return True
    import shutil

    program = shutil.which(words[0])
    if program is None:
        return False
    with open(program, "rb") as file:
        line = file.readline(200)
    return line.startswith(b"#!") and b"python" in line and b" -" not in line


def _reports(words):
    """Whether a Python started with ``words`` imports the worker."""
    words = iter(words)
    for word in words:
        if not word.startswith("-") or word == "-" or word.startswith("--"):
            return True
        letters = word[1:]
        for at, letter in enumerate(letters):
            if letter in "IES":
                return False
            if letter in "cm":
                return True
            if letter in "WX":
                if at + 1 == len(letters):
                    next(words, None)
                break
    return True


def _hands_on(environment, folder):
    if environment is None:
        return True
    given = {os.fsdecode(name): os.fsdecode(value) for name, value in dict(environment).items()}
    return "MENDEL_OBSERVE" in given and folder in given.get("PYTHONPATH", "").split(":")
