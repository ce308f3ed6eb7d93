"""What widely used distributions bring along: their own requirements, as far as programs import them directly.

Facts of the package index, used where a list is not locked and so does not name what comes in behind it. Each line: a
distribution, then what it requires; `name[extra]` is what an extra adds. A `*` at the end matches any rest of a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

_NEEDS = """
aiohttp aiosignal attrs frozenlist multidict yarl async-timeout aiohappyeyeballs propcache
alembic sqlalchemy mako typing-extensions
altair jinja2 jsonschema pandas numpy toolz typing-extensions packaging narwhals
anthropic httpx anyio pydantic distro sniffio typing-extensions jiter tokenizers
anyio idna sniffio exceptiongroup typing-extensions
apache-airflow flask sqlalchemy jinja2 pendulum croniter requests alembic
apache-beam numpy pyarrow requests grpcio protobuf python-dateutil pytz dill cloudpickle fastavro
apache-beam[gcp] google-cloud-bigquery google-cloud-pubsub google-cloud-storage google-cloud-core google-auth
arrow python-dateutil
asgi-lifespan sniffio
authlib cryptography
azure-* azure-core azure-common requests isodate typing-extensions
azure-core requests six typing-extensions
azure-identity msal msal-extensions cryptography azure-core
azure-storage-blob cryptography azure-core
beautifulsoup4 soupsieve typing-extensions
black click packaging pathspec platformdirs mypy-extensions
boto3 botocore jmespath s3transfer
botocore jmespath python-dateutil urllib3
bokeh jinja2 numpy pandas pillow pyyaml tornado packaging xyzservices contourpy
catboost numpy pandas scipy matplotlib plotly graphviz six
celery kombu billiard vine click click-didyoumean click-repl click-plugins python-dateutil tzdata amqp
celery[redis] redis
cloud-sql-python-connector google-auth aiohttp requests cryptography aiofiles
cloudevents deprecation
cloudscraper requests requests-toolbelt pyparsing
cryptography cffi
cvxpy numpy scipy osqp clarabel scs
dagster click jinja2 pydantic pyyaml requests sqlalchemy
dask click cloudpickle fsspec packaging partd pyyaml toolz
dash flask plotly werkzeug requests typing-extensions
db-dtypes numpy pandas pyarrow packaging
discord-py aiohttp
django asgiref sqlparse tzdata
djangorestframework django
django-* django
docker requests urllib3 packaging
elasticsearch elastic-transport urllib3 certifi
fastapi starlette pydantic typing-extensions anyio pydantic-core annotated-types annotated-doc
fastapi[all] uvicorn httpx jinja2 python-multipart email-validator orjson ujson itsdangerous pyyaml pydantic-settings
fastapi[standard] uvicorn httpx jinja2 python-multipart email-validator fastapi-cli
fastmcp mcp httpx pydantic typer rich
feedparser sgmllib3k
firebase-admin google-api-core google-api-python-client google-cloud-firestore google-cloud-storage pyjwt cachecontrol
flask werkzeug jinja2 itsdangerous click blinker markupsafe importlib-metadata
flask-* flask
flask-cors flask werkzeug
flask-limiter flask limits rich ordered-set
flask-login flask werkzeug
flask-migrate flask flask-sqlalchemy alembic
flask-restx flask aniso8601 jsonschema werkzeug
flask-socketio flask python-socketio
flask-sqlalchemy flask sqlalchemy
flask-wtf flask wtforms itsdangerous
functions-framework flask click watchdog gunicorn cloudevents werkzeug starlette uvicorn
fuzzywuzzy[speedup] python-levenshtein
gcsfs aiohttp fsspec google-auth google-auth-oauthlib google-cloud-storage requests decorator
geopandas numpy pandas shapely pyproj packaging pyogrio fiona
gitpython gitdb smmap
google-ai-generativelanguage google-api-core google-auth proto-plus protobuf
google-api-core google-auth protobuf googleapis-common-protos requests proto-plus
google-api-core[grpc] grpcio grpcio-status
google-api-python-client httplib2 google-auth google-auth-httplib2 google-api-core uritemplate
google-auth cachetools pyasn1-modules rsa pyasn1
google-auth[requests] requests
google-auth-httplib2 google-auth httplib2
google-auth-oauthlib google-auth requests-oauthlib oauthlib
google-cloud-* google-api-core google-auth proto-plus protobuf grpcio grpcio-status grpc-google-iam-v1 google-cloud-core
google-cloud-aiplatform google-cloud-storage google-cloud-bigquery google-cloud-resource-manager shapely packaging
google-cloud-bigquery google-cloud-core google-resumable-media packaging python-dateutil requests
google-cloud-bigquery[bqstorage] google-cloud-bigquery-storage pyarrow grpcio
google-cloud-bigquery[pandas] pandas db-dtypes pyarrow numpy
google-cloud-bigquery[all] pandas db-dtypes pyarrow numpy google-cloud-bigquery-storage tqdm geopandas ipython
google-cloud-core google-api-core google-auth
google-cloud-datastore google-cloud-core
google-cloud-dns google-cloud-core
google-cloud-error-reporting google-cloud-logging
google-cloud-firestore google-cloud-core
google-cloud-logging google-cloud-core google-cloud-appengine-logging google-cloud-audit-log opentelemetry-api
google-cloud-ndb google-cloud-datastore redis pymemcache pytz
google-cloud-pubsub opentelemetry-api opentelemetry-sdk
google-cloud-spanner google-cloud-core sqlparse opentelemetry-api deprecated
google-cloud-storage google-cloud-core google-resumable-media google-crc32c requests
google-cloud-trace google-cloud-core
google-cloud-translate google-cloud-core
google-genai google-auth httpx pydantic anyio websockets requests tenacity
google-generativeai google-ai-generativelanguage google-api-core google-api-python-client google-auth pydantic tqdm
google-resumable-media google-crc32c requests
googleapis-common-protos protobuf
googlemaps requests
gql graphql-core yarl backoff anyio
gradio fastapi httpx numpy pandas pillow pydantic uvicorn jinja2 markupsafe orjson pyyaml typer
graphene graphql-core graphql-relay
great-expectations pandas numpy jinja2 jsonschema requests scipy marshmallow ruamel-yaml
grpc-google-iam-v1 grpcio protobuf googleapis-common-protos
grpcio-health-checking grpcio protobuf
grpcio-reflection grpcio protobuf
grpcio-status grpcio protobuf googleapis-common-protos
grpcio-tools grpcio protobuf setuptools
gspread google-auth google-auth-oauthlib
gunicorn packaging
gunicorn[gevent] gevent greenlet
gevent greenlet zope-interface zope-event
hypothesis attrs sortedcontainers
html5lib six webencodings
httplib2 pyparsing
httpx httpcore anyio certifi idna h11 sniffio
httpx[http2] h2
huggingface-hub filelock fsspec packaging pyyaml requests tqdm typing-extensions
imbalanced-learn scikit-learn numpy scipy joblib threadpoolctl
influxdb-client certifi python-dateutil urllib3 reactivex
ipython traitlets jedi decorator pygments prompt-toolkit matplotlib-inline pexpect stack-data
jinja2 markupsafe
jira requests requests-oauthlib requests-toolbelt packaging
jsonschema attrs referencing jsonschema-specifications rpds-py
keras numpy h5py rich absl-py
kombu amqp vine
kubernetes certifi google-auth oauthlib python-dateutil pyyaml requests requests-oauthlib six urllib3 websocket-client
langchain langchain-core langchain-text-splitters langsmith numpy pydantic pyyaml requests sqlalchemy tenacity aiohttp
langchain-* langchain-core pydantic
langchain-core jsonpatch langsmith packaging pydantic pyyaml tenacity typing-extensions
langchain-google-vertexai google-cloud-aiplatform google-cloud-storage httpx
langchain-openai openai tiktoken
librosa numpy scipy scikit-learn joblib numba soundfile audioread decorator
lightgbm numpy scipy scikit-learn
lightning torch numpy pyyaml tqdm torchmetrics
limits deprecated packaging typing-extensions
llama-index openai nltk tiktoken llama-index-core
markdown-it-py mdurl
marshmallow packaging
matplotlib numpy pillow cycler kiwisolver pyparsing python-dateutil packaging fonttools contourpy
mcp anyio httpx pydantic starlette uvicorn pydantic-settings sse-starlette
mlflow flask numpy pandas scikit-learn scipy sqlalchemy requests click pyyaml protobuf gitpython docker alembic
moto boto3 botocore cryptography requests werkzeug jinja2 python-dateutil responses
msal requests pyjwt cryptography
nba-api requests numpy pandas
networkx[default] numpy scipy matplotlib pandas
nltk click joblib regex tqdm
notebook jupyter-server tornado
numba numpy llvmlite
oauth2client httplib2 pyasn1 pyasn1-modules rsa six
openai httpx pydantic anyio distro sniffio tqdm typing-extensions jiter
openpyxl et-xmlfile
opentelemetry-api importlib-metadata typing-extensions
opentelemetry-distro opentelemetry-api opentelemetry-instrumentation opentelemetry-sdk
opentelemetry-exporter-* opentelemetry-api opentelemetry-sdk googleapis-common-protos requests
opentelemetry-exporter-gcp-trace google-cloud-trace
opentelemetry-exporter-otlp opentelemetry-exporter-otlp-proto-grpc opentelemetry-exporter-otlp-proto-http
opentelemetry-exporter-otlp-proto-grpc grpcio
opentelemetry-instrumentation-* opentelemetry-api opentelemetry-instrumentation opentelemetry-semantic-conventions wrapt
opentelemetry-sdk opentelemetry-api opentelemetry-semantic-conventions typing-extensions
optuna alembic sqlalchemy numpy tqdm pyyaml colorlog packaging
pandas numpy python-dateutil pytz tzdata
pandas[excel] openpyxl xlrd xlsxwriter odfpy
pandas[gcp] gcsfs pandas-gbq
pandas[parquet] pyarrow
pandas[performance] numexpr bottleneck numba
pandas-gbq google-cloud-bigquery google-auth google-auth-oauthlib pandas numpy pyarrow db-dtypes pydata-google-auth
paramiko bcrypt cryptography pynacl invoke
pbpstats requests
pdfplumber pdfminer-six pillow pypdfium2
pdfminer-six cryptography charset-normalizer
pdfreader bitarray pillow python-dateutil pycryptodome
pendulum python-dateutil tzdata
pika tornado
playwright greenlet pyee
playwright-stealth playwright
plotly tenacity packaging narwhals
polars[all] numpy pandas pyarrow fsspec
poetry requests packaging tomlkit
prefect pydantic httpx fastapi sqlalchemy click anyio pendulum pyyaml jinja2 rich typer
proto-plus protobuf
psycopg[binary] psycopg-binary typing-extensions
psycopg[pool] psycopg-pool
pybaseball pandas numpy requests beautifulsoup4 lxml matplotlib tqdm attrs
pydantic typing-extensions pydantic-core annotated-types typing-inspection
pydantic[email] email-validator dnspython
pydantic-settings pydantic python-dotenv
pydata-google-auth google-auth google-auth-oauthlib
pygithub requests pyjwt pynacl urllib3 typing-extensions deprecated
pyjwt[crypto] cryptography
pymongo dnspython bson
pyopenssl cryptography
pyspark py4j
pytest pluggy iniconfig packaging exceptiongroup tomli pygments
pytest-* pytest
pytest-cov coverage
python-jose ecdsa rsa pyasn1
python-jose[cryptography] cryptography
python-levenshtein levenshtein rapidfuzz
levenshtein rapidfuzz
python-docx lxml typing-extensions
python-pptx lxml pillow xlsxwriter typing-extensions
python-slugify text-unidecode
python-socketio python-engineio bidict
python-telegram-bot httpx
qdrant-client grpcio httpx numpy pydantic urllib3 portalocker
redis[hiredis] hiredis
requests urllib3 certifi idna charset-normalizer
requests[security] pyopenssl cryptography
requests[socks] pysocks
requests-oauthlib requests oauthlib
requests-toolbelt requests
responses requests pyyaml urllib3
rich pygments markdown-it-py mdurl
rsa pyasn1
s3fs aiobotocore fsspec aiohttp
sagemaker boto3 numpy pandas protobuf pyyaml
scikit-image numpy scipy networkx pillow imageio tifffile packaging
scikit-learn numpy scipy joblib threadpoolctl
scipy numpy
scrapy twisted lxml parsel w3lib cryptography pyopenssl itemadapter queuelib
seaborn numpy pandas matplotlib
selenium urllib3 trio certifi websocket-client typing-extensions
sendgrid python-http-client starkbank-ecdsa
sentence-transformers torch transformers numpy scikit-learn scipy tqdm huggingface-hub pillow
sentry-sdk urllib3 certifi
sentry-sdk[flask] flask blinker markupsafe
shap numpy scipy scikit-learn pandas tqdm packaging numba cloudpickle slicer
simple-salesforce requests zeep pyjwt cryptography
slack-bolt slack-sdk
snowflake-connector-python cryptography requests pyjwt pytz certifi pyopenssl
spacy numpy pydantic requests jinja2 tqdm typer thinc srsly catalogue
sqlalchemy greenlet typing-extensions
sqlalchemy-bigquery sqlalchemy google-cloud-bigquery google-auth google-api-core packaging
sqlmodel sqlalchemy pydantic
starlette anyio typing-extensions
statsmodels numpy pandas scipy patsy packaging
streamlit altair numpy pandas pillow protobuf pyarrow requests tornado toml gitpython pydeck click rich tenacity
strawberry-graphql graphql-core python-dateutil typing-extensions
stripe requests typing-extensions
supabase httpx postgrest gotrue storage3 realtime
tensorboard numpy protobuf werkzeug markdown grpcio absl-py six
tensorflow numpy keras tensorboard protobuf grpcio h5py absl-py six requests typing-extensions wrapt packaging
tensorflow-cpu numpy keras tensorboard protobuf grpcio h5py absl-py six requests typing-extensions wrapt packaging
torch numpy filelock jinja2 networkx sympy fsspec typing-extensions
torchvision torch numpy pillow
transformers numpy requests huggingface-hub tokenizers pyyaml regex tqdm filelock packaging safetensors
tweepy requests requests-oauthlib oauthlib
twilio requests pyjwt aiohttp
typer click rich shellingham typing-extensions
umap-learn numpy scipy scikit-learn numba tqdm
uvicorn click h11 typing-extensions
uvicorn[standard] httptools uvloop watchfiles websockets python-dotenv pyyaml
wandb requests click gitpython protobuf pydantic pyyaml sentry-sdk platformdirs
weasyprint pydyf cffi tinycss2 cssselect2 pyphen pillow fonttools
weaviate-client requests httpx grpcio pydantic authlib
werkzeug markupsafe
xgboost numpy scipy
yfinance pandas numpy requests beautifulsoup4 lxml pytz multitasking platformdirs frozendict peewee
zeep requests lxml attrs isodate pytz
"""


@cache
def _table() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    exact: dict[str, tuple[str, ...]] = {}
    families: dict[str, tuple[str, ...]] = {}
    for name, *needs in (line.split() for line in _NEEDS.splitlines() if line):
        (families if name.endswith("*") else exact)[name.rstrip("*")] = tuple(needs)
    return exact, families


def needs_of(name: str, extras: Iterable[str] = ()) -> frozenset[str]:
    """Everything that comes in behind a distribution, at any depth, itself left out. An extra counts by its name too,
    for `celery[redis]` is how redis comes in."""
    found: set[str] = set()
    pending = [name, *(f"{name}[{extra}]" for extra in extras)]
    found.update(extras)
    while pending:
        one = pending.pop()
        for need in _direct(one):
            if need not in found and need != name:
                found.add(need)
                pending.append(need)
    return frozenset(found)


def _direct(name: str) -> tuple[str, ...]:
    exact, families = _table()
    found = exact.get(name, ())
    for prefix, needs in families.items():
        if name.startswith(prefix) and "[" not in name:
            found += needs
    return found
