"""Import names that differ from the name of the distribution that brings them. Facts of the package index, no rules.

Each line: the dotted import name, then every distribution (normalised) that is known to bring it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

_NAMES = """
Crypto pycryptodome pycrypto
Cryptodome pycryptodomex
Cython cython
IPython ipython
Levenshtein levenshtein python-levenshtein
MySQLdb mysqlclient
OpenGL pyopengl
OpenSSL pyopenssl
PIL pillow pillow-simd
PyPDF2 pypdf2
PyQt5 pyqt5
PyQt6 pyqt6
Xlib python-xlib
absl absl-py
airflow apache-airflow apache-airflow-core
alembic alembic
algoliasearch algoliasearch
allauth django-allauth
anthropic anthropic
antlr4 antlr4-python3-runtime
apache_beam apache-beam
apiclient google-api-python-client
appdirs appdirs
apscheduler apscheduler
arango python-arango
arrow arrow
asgiref asgiref
async_timeout async-timeout
asyncpg asyncpg
atlassian atlassian-python-api
attr attrs
attrs attrs
auth0 auth0-python
authlib authlib
aws_cdk aws-cdk-lib
babel babel
bidi python-bidi
binance python-binance
bitarray bitarray
bleach bleach
blinker blinker
boltons boltons
boto boto
botocore botocore
brotli brotli brotlipy brotlicffi
bs4 beautifulsoup4 bs4
bson pymongo bson
cachecontrol cachecontrol
cairo pycairo
catboost catboost
celery celery
certifi certifi
cffi cffi
cfscrape cfscrape
charset_normalizer charset-normalizer
chess chess python-chess
clickhouse_connect clickhouse-connect
clickhouse_driver clickhouse-driver
cloudevents cloudevents
cloudpickle cloudpickle
cloudscraper cloudscraper
community python-louvain
confluent_kafka confluent-kafka
consul python-consul python-consul2
corsheaders django-cors-headers
cpuinfo py-cpuinfo
crispy_forms django-crispy-forms
croniter croniter
crontab python-crontab
cryptography cryptography
cv2 opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless
cvxopt cvxopt
datadog datadog
dateparser dateparser
dateutil python-dateutil
db_dtypes db-dtypes
ddtrace ddtrace
debug_toolbar django-debug-toolbar
decouple python-decouple
discord discord-py py-cord
distutils setuptools
django django
django_filters django-filter
dns dnspython
docker docker docker-py
dockerfile_parse dockerfile-parse
docopt docopt docopt-ng
docx python-docx
docx2txt docx2txt
dogpile dogpile-cache
dotenv python-dotenv
drf_spectacular drf-spectacular
drf_yasg drf-yasg
duckdb duckdb
ecdsa ecdsa
editdistance editdistance
elasticsearch elasticsearch
elasticsearch_dsl elasticsearch-dsl elasticsearch
elasticapm elastic-apm
email_validator email-validator
engineio python-engineio
environ django-environ environ-config
envparse envparse
etcd3 etcd3
evdev evdev
exif exif
facebook_business facebook-business
faiss faiss-cpu faiss-gpu
faker faker
fake_useragent fake-useragent
fastavro fastavro
fastapi_users fastapi-users
ffmpeg ffmpeg-python
firebase_admin firebase-admin
fitz pymupdf pymupdfb
flask_admin flask-admin
flask_bcrypt flask-bcrypt
flask_caching flask-caching
flask_cors flask-cors
flask_httpauth flask-httpauth
flask_jwt_extended flask-jwt-extended
flask_limiter flask-limiter
flask_login flask-login
flask_mail flask-mail
flask_marshmallow flask-marshmallow
flask_migrate flask-migrate
flask_restful flask-restful
flask_restx flask-restx
flask_session flask-session
flask_socketio flask-socketio
flask_sqlalchemy flask-sqlalchemy
flask_talisman flask-talisman
flask_wtf flask-wtf
fontTools fonttools
frozenlist frozenlist
fsspec fsspec
functions_framework functions-framework
fuzzywuzzy fuzzywuzzy
geopandas geopandas
genson genson
gi pygobject
git gitpython
github pygithub
gitlab python-gitlab
gflags python-gflags
google.adk google-adk
google.ai.generativelanguage google-ai-generativelanguage
google.analytics.admin google-analytics-admin
google.analytics.data google-analytics-data
google.api googleapis-common-protos
google.api_core google-api-core
google.appengine.api appengine-python-standard
google.auth google-auth
google.auth.aio google-auth
google.cloud._helpers google-cloud-core
google.cloud._http google-cloud-core
google.cloud._storage_v2 google-cloud-storage
google.cloud.aiplatform google-cloud-aiplatform
google.cloud.alloydb.connector google-cloud-alloydb-connector
google.cloud.appengine_logging google-cloud-appengine-logging
google.cloud.audit google-cloud-audit-log
google.cloud.bigquery google-cloud-bigquery
google.cloud.bigquery_storage google-cloud-bigquery-storage
google.cloud.client google-cloud-core
google.cloud.devtools.cloudbuild google-cloud-build
google.cloud.devtools.containeranalysis google-cloud-containeranalysis
google.cloud.environment_vars google-cloud-core
google.cloud.error_reporting google-cloud-error-reporting
google.cloud.errorreporting google-cloud-error-reporting
google.cloud.exceptions google-cloud-core
google.cloud.extended_operations googleapis-common-protos
google.cloud.extended_operations_pb2 googleapis-common-protos
google.cloud.firestore google-cloud-firestore
google.cloud.firestore_admin google-cloud-firestore
google.cloud.firestore_bundle google-cloud-firestore
google.cloud.functions google-cloud-functions
google.cloud.kms google-cloud-kms
google.cloud.location googleapis-common-protos
google.cloud.logging google-cloud-logging
google.cloud.monitoring google-cloud-monitoring
google.cloud.monitoring_dashboard google-cloud-monitoring-dashboards
google.cloud.ndb google-cloud-ndb
google.cloud.obsolete google-cloud-core
google.cloud.operation google-cloud-core
google.cloud.orchestration.airflow.service google-cloud-orchestration-airflow
google.cloud.pubsub google-cloud-pubsub
google.cloud.pubsublite google-cloud-pubsublite
google.cloud.secretmanager google-cloud-secret-manager
google.cloud.spanner google-cloud-spanner
google.cloud.spanner_admin_database google-cloud-spanner
google.cloud.spanner_admin_instance google-cloud-spanner
google.cloud.spanner_dbapi google-cloud-spanner
google.cloud.sql google-cloud-sql-admin
google.cloud.sql.connector cloud-sql-python-connector
google.cloud.storage google-cloud-storage
google.cloud.storage_control google-cloud-storage-control
google.cloud.tasks google-cloud-tasks
google.cloud.version google-cloud-core
google.cloud.vision google-cloud-vision
google.cloud.workflows google-cloud-workflows
google.cloud.workflows.executions google-cloud-workflows
google.crc32c google-crc32c
google.genai google-genai
google.generativeai google-generativeai
google.iam grpc-google-iam-v1
google.iam.credentials google-cloud-iam
google.identity google-cloud-identity
google.logging googleapis-common-protos google-cloud-logging
google.longrunning googleapis-common-protos
google.maps google-maps-routing google-maps-places
google.oauth2 google-auth
google.protobuf protobuf
google.pubsub google-cloud-pubsub
google.resumable_media google-resumable-media
google.rpc googleapis-common-protos
google.shopping google-shopping-merchant-products
google.type googleapis-common-protos
google_auth_httplib2 google-auth-httplib2
google_auth_oauthlib google-auth-oauthlib
google_crc32c google-crc32c
google_cloud_logging google-cloud-logging
googleapiclient google-api-python-client
googlemaps googlemaps
googlesearch googlesearch-python
googletrans googletrans
gpiozero gpiozero
graphene graphene
graphene_django graphene-django
graphql graphql-core
graphviz graphviz
greenlet greenlet
grpc grpcio
grpc_channelz grpcio-channelz
grpc_health grpcio-health-checking
grpc_interceptor grpc-interceptor
grpc_reflection grpcio-reflection
grpc_status grpcio-status
grpc_testing grpcio-testing
grpc_tools grpcio-tools
gspread_dataframe gspread-dataframe
gym gym
haystack farm-haystack haystack-ai django-haystack
hdbcli hdbcli
hnswlib hnswlib
html5lib html5lib
httplib2 httplib2
httpx_sse httpx-sse
hvac hvac
ibm_boto3 ibm-cos-sdk
igraph igraph python-igraph
imblearn imbalanced-learn
impala impyla
influxdb_client influxdb-client
isoduration isoduration
itsdangerous itsdangerous
jinja2 jinja2
jira jira
jnius pyjnius
jose python-jose
jsonpath_ng jsonpath-ng
jsonpath_rw jsonpath-rw
jsonrpcclient jsonrpcclient
jwcrypto jwcrypto
jwt pyjwt
kafka kafka-python kafka-python-ng
kazoo kazoo
keras keras
kubernetes kubernetes
kubernetes_asyncio kubernetes-asyncio
lancedb lancedb
langchain langchain
langchain_community langchain-community
langchain_core langchain-core
langchain_google_vertexai langchain-google-vertexai
langchain_openai langchain-openai
langchain_text_splitters langchain-text-splitters
langdetect langdetect
ldap python-ldap
ldap3 ldap3
lightgbm lightgbm
linebot line-bot-sdk
llama_cpp llama-cpp-python
llama_index llama-index llama-index-core
lockfile lockfile
loguru loguru
lxml lxml
lz4 lz4
magic python-magic python-magic-bin
mailchimp_marketing mailchimp-marketing
markdown markdown
markdown_it markdown-it-py
markdown2 markdown2
markupsafe markupsafe
matplotlib matplotlib
mcp mcp
memcache python-memcached
mistune mistune
mpl_toolkits matplotlib
msal msal
msgpack msgpack msgpack-python
multipart python-multipart multipart
mutagen mutagen
mysql mysql-connector-python mysql-connector
nacl pynacl
nats nats-py
neo4j neo4j
netaddr netaddr
netCDF4 netcdf4
newrelic newrelic
notion_client notion-client
numpy numpy
nvidia_smi nvidia-ml-py3
oauth2client oauth2client
oauthlib oauthlib
oci oci
odf odfpy
office365 office365-rest-python-client
onnxruntime onnxruntime onnxruntime-gpu
openpyxl openpyxl
opensearchpy opensearch-py
opentelemetry.baggage opentelemetry-api
opentelemetry.context opentelemetry-api
opentelemetry.exporter.cloud_logging opentelemetry-exporter-gcp-logging
opentelemetry.exporter.cloud_monitoring opentelemetry-exporter-gcp-monitoring
opentelemetry.exporter.cloud_trace opentelemetry-exporter-gcp-trace
opentelemetry.exporter.jaeger opentelemetry-exporter-jaeger opentelemetry-exporter-jaeger-thrift
opentelemetry.exporter.otlp.proto.grpc opentelemetry-exporter-otlp-proto-grpc opentelemetry-exporter-otlp
opentelemetry.exporter.otlp.proto.http opentelemetry-exporter-otlp-proto-http opentelemetry-exporter-otlp
opentelemetry.metrics opentelemetry-api
opentelemetry.propagate opentelemetry-api
opentelemetry.propagators opentelemetry-api
opentelemetry.propagators.cloud_trace_propagator opentelemetry-propagator-gcp
opentelemetry.resourcedetector opentelemetry-resourcedetector-gcp
opentelemetry.sdk opentelemetry-sdk
opentelemetry.semconv opentelemetry-semantic-conventions
opentelemetry.trace opentelemetry-api
oracledb oracledb
osgeo gdal
pact pact-python
paho paho-mqtt
pandas pandas
pandas_gbq pandas-gbq
pandera pandera
paramiko paramiko
parso parso
pathspec pathspec
pdfminer pdfminer-six pdfminer
pdf2image pdf2image
pdfplumber pdfplumber
peewee peewee
phonenumbers phonenumbers phonenumberslite
phonenumber_field django-phonenumber-field
pinecone pinecone pinecone-client
pip pip
pkg_resources setuptools
playhouse peewee
plotly plotly
polars polars polars-lts-cpu
portalocker portalocker
pptx python-pptx
prefect prefect
prometheus_client prometheus-client
prometheus_flask_exporter prometheus-flask-exporter
proto proto-plus
psutil psutil
psycopg psycopg psycopg-binary
psycopg2 psycopg2 psycopg2-binary
psycopg_pool psycopg-pool
pubsub pypubsub
pwiz peewee
py pytest py
pyarrow pyarrow
pyasn1 pyasn1
pyasn1_modules pyasn1-modules
pyaudio pyaudio
pycountry pycountry
pycurl pycurl
pydantic pydantic
pydantic_core pydantic-core
pydantic_settings pydantic-settings
pydub pydub
pygments pygments
pylab matplotlib
pymongo pymongo
pymssql pymssql
pymysql pymysql
pynvml pynvml nvidia-ml-py
pyodbc pyodbc
pypdf pypdf
pypdfium2 pypdfium2
pyrebase pyrebase pyrebase4
pysftp pysftp
pyspark pyspark
pytesseract pytesseract
pythoncom pywin32
pythonjsonlogger python-json-logger
pythonwin pywin32
pytz_deprecation_shim pytz-deprecation-shim
pywintypes pywin32
pyximport cython
qdrant_client qdrant-client
quart quart
rapidfuzz rapidfuzz
ratelimit ratelimit
readability readability-lxml
redis redis
redshift_connector redshift-connector
regex regex
reportlab reportlab
requests_html requests-html
requests_oauthlib requests-oauthlib
requests_toolbelt requests-toolbelt
rest_framework djangorestframework
rest_framework_simplejwt djangorestframework-simplejwt
retry retry retry2
rich rich
ruamel.yaml ruamel-yaml
sendgrid sendgrid
sentence_transformers sentence-transformers
sentry_sdk sentry-sdk
serial pyserial
setuptools setuptools
sgmllib sgmllib3k
shapely shapely
simple_salesforce simple-salesforce
six six
skimage scikit-image
sklearn scikit-learn
skopt scikit-optimize
slack slackclient slack-sdk
slack_bolt slack-bolt
slack_sdk slack-sdk
slugify python-slugify unicode-slugify
smb pysmb
snappy python-snappy
snowflake.connector snowflake-connector-python
snowflake.snowpark snowflake-snowpark-python
snowflake.sqlalchemy snowflake-sqlalchemy
socketio python-socketio
socks pysocks
sockshandler pysocks
soundfile soundfile pysoundfile
speech_recognition speechrecognition
sqlalchemy sqlalchemy
sqlalchemy_bigquery sqlalchemy-bigquery pybigquery
sqlalchemy_utils sqlalchemy-utils
sqlmodel sqlmodel
sse_starlette sse-starlette
starlette starlette
storages django-storages
streamlit streamlit
strawberry strawberry-graphql
stripe stripe
structlog structlog
supabase supabase
tabula tabula-py
tabulate tabulate
telegram python-telegram-bot
telebot pytelegrambotapi
tenacity tenacity
tensorboard tensorboard tb-nightly
tensorflow tensorflow tensorflow-cpu tensorflow-gpu tensorflow-intel tensorflow-macos tf-nightly
tensorflow_hub tensorflow-hub
tensorflow_probability tensorflow-probability
tflite_runtime tflite-runtime
tiktoken tiktoken
tlz toolz
toml toml
tomli tomli
toolz toolz
torch torch
torchvision torchvision
tornado tornado
tqdm tqdm
treelib treelib
tweepy tweepy
twilio twilio
twisted twisted
typing_extensions typing-extensions
tzlocal tzlocal
ujson ujson
umap umap-learn
undetected_chromedriver undetected-chromedriver
unidecode unidecode
urllib3 urllib3
usb pyusb
uvicorn uvicorn
vertexai google-cloud-aiplatform
vobject vobject
weasyprint weasyprint
weaviate weaviate-client
webdriver_manager webdriver-manager
websocket websocket-client
websockets websockets
werkzeug werkzeug
whisper openai-whisper
whitenoise whitenoise
whois python-whois
wikipedia wikipedia
win32api pywin32
win32com pywin32
win32con pywin32
win32file pywin32
win32gui pywin32
win32service pywin32
wtforms wtforms
wx wxpython
xdist pytest-xdist
xgboost xgboost xgboost-cpu
xlrd xlrd
xlsxwriter xlsxwriter
yaml pyyaml
yarl yarl
yattag yattag
yfinance yfinance
youtube_dl youtube-dl
youtube_transcript_api youtube-transcript-api
zmq pyzmq
zoneinfo tzdata backports-zoneinfo
zstandard zstandard
"""

# Folders that several distributions share: which one is meant only shows below.
_SHARED = """
azure azure.ai azure.cognitiveservices azure.communication azure.data azure.iot azure.keyvault azure.mgmt
azure.mixedreality azure.monitor azure.search azure.storage backports flaskext google google.ai google.analytics
google.cloud google.cloud.devtools google.cloud.orchestration google.cloud.orchestration.airflow google.cloud.workflows
google.maps google.shopping jaraco logilab mpl_toolkits opentelemetry opentelemetry.exporter
opentelemetry.exporter.otlp opentelemetry.exporter.otlp.proto opentelemetry.instrumentation opentelemetry.propagators
opentelemetry.resourcedetector paste plone repoze ruamel snowflake sphinxcontrib twisted.plugins xstatic zope
"""
SHARED = frozenset(_SHARED.split())


@cache
def claims() -> Mapping[str, tuple[str, ...]]:
    """Dotted import name -> the distributions that are known to bring it."""
    return {name: tuple(found) for name, *found in (line.split() for line in _NAMES.splitlines() if line)}
