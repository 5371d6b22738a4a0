"""The words by which lines show that they use a factor, as `repro_nb.rerun.attribution.matching` spells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NO_WORDS", "WORDS", "Words"]


@dataclass(frozen=True)
class Words:
    """The words of one factor: what matches the first is sure to use it, what matches the second may."""

    sure: re.Pattern[str] | None = None
    likely: re.Pattern[str] | None = None


NO_WORDS = Words()
"""Those of a factor that has none."""


def _pattern(words: str) -> re.Pattern[str] | None:
    """Words apart from one another by blanks; ``*`` stands for anything, ``()`` for a call, ``(0)`` for a bare one."""
    patterns = []
    for word in words.split():
        text = re.escape(word).replace(r"\*", r".*")
        text = text.replace(re.escape("(0)"), r"\(\)").replace(re.escape("()"), r"\(.*\)")
        patterns.append(text)
    return re.compile("|".join(patterns), re.DOTALL) if patterns else None


def _words(sure: str, likely: str = "") -> Words:
    return Words(_pattern(sure), _pattern(likely))


_CLOCK = (
    "time.time() time.time_ns() time.perf_counter*() time.monotonic*() time.process_time*() "
    "time.thread_time*() time.clock_gettime*() time.localtime(0) time.gmtime(0) time.ctime(0) time.asctime(0) "
    "time.strftime() *.now() *.today() *.utcnow() timeit.* *.timeit() *.default_timer() "
    "*.run_line_magic('time*) *.datetime64('now') *.datetime64('today') *.Timestamp('now') *.Timestamp('today')"
)
_DRAWS = "*.sample() *.shuffle() *.train_test_split() *.rvs() *.permutation() *.resample() *.bootstrap() shuffle="
_MAY_DRAW = (
    "*.fit() *.fit_transform() *.fit_predict() *.cross_val_score() *.cross_validate() *.Dropout() *.split() *.Linear() "
    "*.Conv* *.Embedding() *.DataLoader() *.init.* *.minimize() *.differential_evolution() *.dual_annealing()"
)
_NUMBERS = (
    "@ *.dot() *.matmul() *.mm() *.bmm() *.einsum() *.tensordot() *.inner() *.sum() *.mean() *.std() *.var() *.prod() "
    "*.norm() *.inv() *.pinv() *.solve() *.svd() *.eig*() *.qr() *.lstsq() *.cholesky() *.det() *.fft*() *.cumsum() "
    "*.conv*() *.backward() *.fit() *.predict() *.transform() *.cov() *.corr*() *.average() *.softmax() *.map() "
    "*.submit()"
)
WORDS: Mapping[str, Words] = {
    "clock": _words(_CLOCK, "*.strftime() *time*()"),
    "timezone": _words(
        "time.localtime() time.ctime() time.mktime() time.tzname time.timezone time.altzone time.daylight time.tzset() "
        "time.strftime() *.fromtimestamp() *.timestamp() *.astimezone() *.now(0) *.today() *.tzlocal() *.localtime() "
        "*.get_localzone*() *environ['TZ'] *getenv('TZ')",
        "*.strftime() *.isoformat() *.tz_localize() *.utcoffset() *.mktime() *.now() *.ctime()",
    ),
    "locale": _words(
        "locale.format_string() locale.currency() locale.str() locale.atof() locale.delocalize() locale.localize() "
        "*.strxfrm* *.strcoll* *.getlocale() *.localeconv() *.getpreferredencoding() *.getencoding() *.nl_langinfo() "
        "*.getdefaultlocale() *.setlocale() {:*n} *environ['LC_* *environ['LANG* *getenv('LC_* *getenv('LANG*",
        "*.strftime() *.day_name() *.month_name() calendar.* open() *.read_text() *.write_text() *.lower() *.upper()",
    ),
    "working-directory": _words(
        "os.getcwd() os.getcwdb() *.cwd() *.home() *.expanduser() *.abspath() *.realpath() *.resolve() *.absolute() "
        "*environ['HOME'] *environ['PWD'] *environ['USER*'] *getenv('HOME') *getenv('PWD') *getenv('USER*') "
        "*environ.get('HOME') *environ.get('PWD') *environ.get('USER*') *.getuser() *.getlogin() "
        "*.run_line_magic('pwd*) *.getoutput('pwd*) *.system('pwd*)",
        "*.relpath() sys.path sys.argv __file__ *.getoutput() *.system() _dh *.expandvars()",
    ),
    "process": _words(
        "os.getpid() os.getppid() id() hash() *.__hash__() *.mkdtemp() *.mkstemp() *.mktemp() *.gettempdir() "
        "*.TemporaryDirectory() *.NamedTemporaryFile() *.get_ident() *.get_native_id() *.current_process() "
        "*.gethostname() platform.node() *.data_ptr() *.ctypes.data *.__array_interface__ *.getnode() tempfile.*() "
        "*.pid *.ident *.native_id",
        "repr() str() *.getrusage() *.memory_info() *.virtual_memory() set() sorted() print()",
    ),
    "threads": _words(
        "*cpu_count() *.sched_getaffinity() *.get_num_threads() *.get_num_interop_threads() *.threadpool_info() "
        "*.get_max_threads() *environ['*NUM_THREADS'] *getenv('*NUM_THREADS') *environ.get('*NUM_THREADS') "
        "*.cpu_affinity() *.device_count() *_THREADS",
        f"{_NUMBERS} *.Thread() *.ThreadPool*() *.Pool() *.as_completed() *.imap_unordered() n_jobs= workers= "
        "num_workers=",
    ),
    "race": _words(
        "*as_completed() *.imap_unordered() *.get_nowait() concurrent.futures.wait() asyncio.wait() *.FIRST_COMPLETED "
        "*.add_done_callback()",
        "*.Thread() *.start() *.wait() *Executor() *.ThreadPool() *.Pool() *.submit() *.gather() *.create_task()",
    ),
    "started threads": _words(
        "threading.Thread() threading.Timer() multiprocessing.Process() _thread.start_new_thread() *.submit() "
        "*.apply_async() *.run_in_executor() *.to_thread()"
    ),
    "directory-order": _words(
        "*.listdir() *.scandir() *.glob() glob() *.iglob() *.rglob() *.iterdir() *.walk() *.getoutput('ls*) "
        "*.system('ls*) *.run_line_magic('ls*)",
        "*.ImageFolder() *.load_files() *.getoutput('find*) *.system('find*)",
    ),
    "os-entropy": _words(
        "*.default_rng(0) *.RandomState(0) *.SeedSequence(0) *.PCG64(0) *.MT19937(0) *.Philox(0) *.SFC64(0) *.seed(0) "
        "*.Random(0) random.seed(0) *.uuid1() *.uuid4() secrets.*() *.SystemRandom() *.urandom() *.getrandom() "
        "*.token_*()",
        "*.Generator(0) *rng*() *.uuid*()",
    ),
    "uninitialised-memory": _words("*.empty() *.empty_like() *.new_empty() *.empty_strided() *.ndarray() *.malloc()"),
    "network": _words(
        "*.urlopen() *.urlretrieve() requests.*() httpx.*() *.create_connection() *.getaddrinfo() *.gethostbyname() "
        "*('http* *('ftp:*",
        "*.get() *.connect() *.read_csv() *.fetch*() *.download*() *.load_dataset()",
    ),
    "accelerator": _words("*.cuda() *.to() *.backward() *.scatter_add*() *.index_add*()", _NUMBERS),
    "python": _words("random.*()", _DRAWS),
    "numpy": _words(f"numpy.random.*() {_DRAWS}", _MAY_DRAW),
    "torch": _words(
        "torch.rand*() torch.normal() torch.bernoulli() torch.multinomial() torch.poisson() *.normal_() *.uniform_() "
        f"*.random_() *.bernoulli_() *.exponential_() *.xavier_*() *.kaiming_*() *.random_split() {_DRAWS}",
        f"{_MAY_DRAW} *.dropout() *.forward()",
    ),
    "tensorflow": _words(
        f"tensorflow.random.*() *.random.*() *.shuffle() {_DRAWS}", f"*.Dense() *.layers.*() {_MAY_DRAW}"
    ),
    "numba": _words("numpy.random.*() random.*()", _DRAWS),
    "cupy": _words("cupy.random.*()", _DRAWS),
}  # fmt: skip
"""By the factor's public name; races have words of their own: what takes as it comes, and what starts."""
