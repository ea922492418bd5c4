"""Secrets made up at run time, so that scanners of repositories find none here; and look-alikes."""

from __future__ import annotations

import random
import string

_DICE = random.Random(20)
_ALPHABET = string.ascii_letters + string.digits


def drawn(count: int, alphabet: str = _ALPHABET) -> str:
    """Return so many characters drawn by lot, letters and digits by turns."""
    if alphabet is not _ALPHABET:
        return "".join(_DICE.choices(alphabet, k=count))
    kinds = (string.ascii_uppercase, string.digits, string.ascii_lowercase)
    return "".join(_DICE.choice(kinds[n % 3]) for n in range(count))


_HEX = "0123456789abcdef"
HEX_KEY = "9f3c" + drawn(28, _HEX)
UUID = "-".join(drawn(size, _HEX) for size in (8, 4, 4, 4, 12))
_BASE64 = string.ascii_letters + string.digits + "+/"
#: A private key as a file holds it, and nothing that opens anything.
KEY_LINES = [
    "-----BEGIN RSA PRIVATE" + " KEY-----",
    *(drawn(64, _BASE64) for _ in range(6)),
    drawn(20, _BASE64) + "==",
    "-----END RSA PRIVATE" + " KEY-----",
]


def _sample(rule: str, secret: str, line: str = "value = '{}'") -> tuple[str, str, str]:
    return rule, line.replace("{}", secret), secret


_JWT = f"eyJ{drawn(30)}.eyJ{drawn(60)}.{drawn(40)}"

#: Rule, a line that holds a secret, and the secret.
SAMPLES = [
    _sample("aws-access-key", "AKIA" + drawn(16, string.ascii_uppercase + string.digits)),
    _sample("aws-secret-key", drawn(40), 'aws_secret_access_key = "{}"'),
    _sample("aws-secret-key", drawn(40), "aws_secret_access_key={}"),
    _sample("github-token", "ghp_" + drawn(36)),
    _sample("github-token", "ghs_" + drawn(36), "git clone https://x-access-token:{}"),
    _sample("github-pat", "github_pat_" + drawn(22) + "_" + drawn(59)),
    _sample("gitlab-token", "glpat-" + drawn(20)),
    _sample("slack-token", "xoxb-" + drawn(12, string.digits) + "-" + drawn(24)),
    _sample("slack-webhook", f"hooks.slack.com/services/T{drawn(8)}/B{drawn(8)}/{drawn(24)}"),
    _sample("stripe-key", "sk_" + "live_" + drawn(24)),
    _sample("stripe-webhook", "whsec_" + drawn(32)),
    _sample("openai-key", "sk-" + drawn(48)),
    _sample("openai-key", "sk-proj-" + drawn(60), "OPENAI_API_KEY={}"),
    _sample("anthropic-key", "sk-ant-" + "api03-" + drawn(80)),
    _sample("google-api-key", "AIza" + drawn(35)),
    _sample("google-oauth", "GOCSPX-" + drawn(28)),
    _sample("npm-token", "npm_" + drawn(36), "//registry.npmjs.org/:_authToken={}"),
    _sample("pypi-token", "pypi-AgE" + "IcHlwaS5vcmc" + drawn(80)),
    _sample("huggingface-token", "hf_" + drawn(34)),
    _sample("sendgrid-key", f"SG.{drawn(22)}.{drawn(43)}"),
    _sample("twilio-key", "SK" + drawn(32, _HEX)),
    _sample("digitalocean-token", "dop_v1_" + drawn(64, _HEX)),
    _sample("shopify-token", "shpat_" + drawn(32, _HEX)),
    _sample("docker-token", "dckr_pat_" + drawn(27)),
    _sample("vault-token", "hvs." + drawn(24)),
    _sample("groq-or-xai-key", "gsk_" + drawn(52)),
    _sample("age-key", "AGE-SECRET-KEY-1" + drawn(58, string.ascii_uppercase + string.digits)),
    _sample("telegram-token", drawn(9, "3579") + ":AA" + drawn(33)),
    _sample("azure-key", drawn(86) + "==", "AccountName=shop;AccountKey={};Suffix=x"),
    _sample("jwt", _JWT),
    _sample("jwt", _JWT, "Authorization: Bearer {}"),
    _sample("ark-key", UUID, 'ARK_API_KEY = "{}"'),
    _sample("ark-key", UUID, '"apiKey": "{}",'),
    _sample("ark-key", UUID, "Authorization: Bearer {}"),
    _sample("authorization", drawn(40), 'headers["Authorization"] = "Bearer {}"'),
    _sample("url-password", "Tr0ub4dor", 'db = "postgresql://shop:{}@db.internal:5432/shop"'),
    _sample("url-password", "Tr0ub4dor", "redis://:{}@cache:6379/0"),
    _sample("password", "Tr0ub4dor&3", 'password = "{}"'),
    _sample("password", "Tr0ub4dor&3", "'db_password' => '{}',"),
    _sample("password", "Tr0ub4dor&3", 'private String password = "{}";'),
    _sample("password", "Tr0ub4dor!3", "spring.datasource.password={}"),
    _sample("password", "Tr0ub4dor&3", 'let password: string = "{}";'),
    _sample("key-in-code", drawn(32), 'api_key = "{}"'),
    _sample("key-in-code", drawn(32, _HEX) + "1a2b", 'client_secret: "{}"'),
    _sample("key-in-code", drawn(32), 'os.environ["AIMLAPI_API_KEY"] = "{}"'),
    # Without quotes.
    _sample("key-in-code", HEX_KEY, "api_key: {}"),
    _sample("key-in-code", HEX_KEY, "export AIMLAPI_API_KEY={}"),
    _sample("key-in-code", HEX_KEY, "ENV SECRET_KEY={}"),
    _sample("key-in-code", drawn(40), "app.secret-key={}"),
    _sample("key-in-code", drawn(40), "curl -H 'X-Api-Key: {}' https://api.example.com"),
    _sample("key-in-code", drawn(40), "https://api.example.com/v1/shops?api_key={}&page=2"),
    # What counts where nothing else is set.
    _sample("key-in-code", HEX_KEY, 'KEY = os.getenv("API_KEY", "{}")'),
    _sample("key-in-code", HEX_KEY, 'os.environ.setdefault("OPENAI_API_KEY", "{}")'),
    _sample("key-in-code", HEX_KEY, 'key = os.environ.get("API_KEY") or "{}"'),
    _sample("key-in-code", HEX_KEY, 'const key = process.env.API_KEY || "{}";'),
    _sample("key-in-code", HEX_KEY, 'const key = process.env["API_KEY"] ?? "{}";'),
    _sample("key-in-code", HEX_KEY, 'val key = System.getenv("API_KEY") ?: "{}"'),
    # With a type between, as a macro, as an argument.
    _sample("key-in-code", HEX_KEY, 'const apiKey string = "{}"'),
    _sample("key-in-code", HEX_KEY, 'const API_KEY: &str = "{}";'),
    _sample("key-in-code", HEX_KEY, """static API_KEY: &'static str = "{}";"""),
    _sample("key-in-code", HEX_KEY, 'static const char API_KEY[] = "{}";'),
    _sample("key-in-code", HEX_KEY, '#define API_KEY "{}"'),
    _sample("key-in-code", HEX_KEY, 'props.put("api.key", "{}");'),
    _sample("key-in-code", HEX_KEY, "define('API_KEY', '{}');"),
    # Other names.
    _sample("key-in-code", HEX_KEY, 'AZURE_OPENAI_KEY = "{}"'),
    _sample("key-in-code", HEX_KEY, 'OPENAI_KEY = "{}"'),
    _sample("key-in-code", HEX_KEY, 'subscription_key = "{}"'),
    _sample("key-in-code", "0x" + drawn(64, _HEX), 'private_key = "{}"'),
    _sample("password", "kX9!vbq2Zr", 'dsn = "Server=db;User Id=sa;Password={};"'),
    _sample("password", "kX9!vbq2Zr", "Server=db;Database=shop;Uid=sa;Pwd={}"),
]

#: Lines of code that hold no secret.
LOOK_ALIKES = [
    # Read from elsewhere.
    'api_key = os.environ["OPENAI_API_KEY"]',
    "password = getpass.getpass('Password for the database: ')",
    "const token = process.env.GITHUB_TOKEN ?? '';",
    'password: "${DB_PASSWORD}"',
    'url = f"postgresql://{user}:{password}@{host}/shop"',
    'url = "postgresql://user:password@localhost/shop"',
    "url: postgres://postgres:postgres@localhost:5432/test",
    "token := cfg.Token",
    "self.password = password2",
    # To be replaced.
    'password = "changeme"',
    'api_key = "YOUR_API_KEY_HERE"',
    'api_key = "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
    "export OPENAI_API_KEY=sk-...",
    "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "ghp_" + "x" * 36,
    # Documented as an example at jwt.io.
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0."
    + "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV" + "_adQssw5c",
    # Hashes and identifiers.
    f'sha256 = "{drawn(64, _HEX)}"',
    f'integrity: "sha512-{drawn(86)}=="',
    f"commit {drawn(40, _HEX)}",
    f'password_hash = "$2b$12${drawn(53)}"',
    f'password = "$argon2id$v=19$m=65536${drawn(40)}"',
    f'request_id = "{UUID}"',
    f'PNG = "iVBORw0KGgoAAAANSUhEUgAA{drawn(120)}"',
    # Names, labels and types.
    'PASSWORD_FIELD = "password_confirmation"',
    'label.password = "Enter your password"',
    'token_type = "authorization_code_with_pkce"',
    'secretKey: "shop-database-credentials"',
    'TOKEN = "refresh_token_grant_v2_internal"',
    ".sk-loading-indicator-bounce-delay-3 { color: red }",
    "def login(user: str, password: str = '') -> Token:",
    'if pem.startswith("-----BEGIN PRIVATE' + ' KEY-----"):',
    'key.strip("-----BEGIN PRIVATE' + ' KEY-----").strip("-----END PRIVATE' + ' KEY-----")',
    "-----BEGIN CERTIFICATE-----\n" + "\n".join(KEY_LINES[1:6]) + "\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\n" + "\n".join(KEY_LINES[1:6]) + "\n-----END PUBLIC KEY-----",
    "password != other and token == 3",
    'assert login("anna", password="secret123")',
    # An operator at the end, or a sentence's mark.
    "let password = enteredValue!",
    "val password = settings!!",
    "password = generate_random!",
    'errors.password = "Required!"',
    # Places and public names.
    f'{{ token: "0xA0b8{drawn(36, _HEX)}" }}',
    'secret = "arn:aws:secretsmanager:eu-west-1:210987654321:secret:db-a1B2c3"',
    'access_token = "https://login.example.com/oauth2/v2.0/t0ken/a1b2c3d4e5"',
    'credential = "projects/shop-4711/secrets/db-a1b2c3/versions/9"',
    # Code that reads, passes or compares.
    "api_key=settings.API_KEY_V2_2024_X1_B2,",
    "token = first_try2_of_3_parts_4_in_5",
    'key = os.getenv("API_KEY", "no-key-was-set-in-2024")',
    "const token = tokens.access_token || tokens.refresh_token2;",
    "a=1;pwd=t2.value31;b=2",
    "for(;;){n=0;password=e2;}",
    'logger.info("token %s", "refreshed for the 2nd of 3 times")',
]  # fmt: skip
