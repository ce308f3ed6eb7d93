"""Which distributions bring which import names: facts of the package index, no rules.

Written as `name=distribution,distribution`, dotted where a folder is shared; a name alone is its distribution's, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from deploytool.domain.imports.installed.distributions import normalised

_OTHER = """
    absl=absl-py airflow=apache-airflow,apache-airflow-core allauth=django-allauth antlr4=antlr4-python3-runtime
    apiclient=google-api-python-client arango=python-arango atlassian=atlassian-python-api attr=attrs
    auth0=auth0-python aws_cdk=aws-cdk-lib bidi=python-bidi binance=python-binance brotli=brotli,brotlipy,brotlicffi
    bs4=beautifulsoup4,bs4 bson=pymongo,bson cairo=pycairo chess=chess,python-chess community=python-louvain
    consul=python-consul,python-consul2 corsheaders=django-cors-headers cpuinfo=py-cpuinfo
    crispy_forms=django-crispy-forms crontab=python-crontab Crypto=pycryptodome,pycrypto Cryptodome=pycryptodomex
    cv2=opencv-python,opencv-python-headless,opencv-contrib-python,opencv-contrib-python-headless
    dateutil=python-dateutil debug_toolbar=django-debug-toolbar decouple=python-decouple discord=discord-py,py-cord
    distutils=setuptools django_filters=django-filter dns=dnspython docker=docker,docker-py docopt=docopt,docopt-ng
    docx=python-docx dogpile=dogpile-cache dotenv=python-dotenv elasticapm=elastic-apm
    elasticsearch_dsl=elasticsearch-dsl,elasticsearch engineio=python-engineio environ=django-environ,environ-config
    faiss=faiss-cpu,faiss-gpu ffmpeg=ffmpeg-python fitz=pymupdf,pymupdfb gflags=python-gflags gi=pygobject
    git=gitpython github=pygithub gitlab=python-gitlab googleapiclient=google-api-python-client
    googlesearch=googlesearch-python graphql=graphql-core grpc=grpcio grpc_channelz=grpcio-channelz
    grpc_health=grpcio-health-checking grpc_reflection=grpcio-reflection grpc_status=grpcio-status
    grpc_testing=grpcio-testing grpc_tools=grpcio-tools haystack=farm-haystack,haystack-ai,django-haystack
    ibm_boto3=ibm-cos-sdk ibm_db_dbi=ibm-db igraph=igraph,python-igraph imblearn=imbalanced-learn impala=impyla
    jnius=pyjnius
    jose=python-jose jwt=pyjwt kafka=kafka-python,kafka-python-ng ldap=python-ldap
    Levenshtein=levenshtein,python-levenshtein linebot=line-bot-sdk llama_cpp=llama-cpp-python
    llama_index=llama-index,llama-index-core magic=python-magic,python-magic-bin markdown_it=markdown-it-py
    memcache=python-memcached mpl_toolkits=matplotlib msgpack=msgpack,msgpack-python
    multipart=python-multipart,multipart mysql=mysql-connector-python,mysql-connector MySQLdb=mysqlclient nacl=pynacl
    nats=nats-py nvidia_smi=nvidia-ml-py3 odf=odfpy office365=office365-rest-python-client
    onnxruntime=onnxruntime,onnxruntime-gpu OpenGL=pyopengl opensearchpy=opensearch-py OpenSSL=pyopenssl osgeo=gdal
    pact=pact-python paho=paho-mqtt pdfminer=pdfminer-six,pdfminer phonenumber_field=django-phonenumber-field
    phonenumbers=phonenumbers,phonenumberslite PIL=pillow,pillow-simd pinecone=pinecone,pinecone-client
    pkg_resources=setuptools playhouse=peewee polars=polars,polars-lts-cpu pptx=python-pptx proto=proto-plus
    psycopg=psycopg,psycopg-binary psycopg2=psycopg2,psycopg2-binary pubsub=pypubsub pwiz=peewee py=pytest,py
    pylab=matplotlib pynvml=pynvml,nvidia-ml-py pyrebase=pyrebase,pyrebase4 pythoncom=pywin32
    pythonjsonlogger=python-json-logger pythonwin=pywin32 pywintypes=pywin32 pyximport=cython
    readability=readability-lxml rest_framework=djangorestframework
    rest_framework_simplejwt=djangorestframework-simplejwt retry=retry,retry2 serial=pyserial sgmllib=sgmllib3k
    skimage=scikit-image sklearn=scikit-learn skopt=scikit-optimize slack=slackclient,slack-sdk
    slugify=python-slugify,unicode-slugify smb=pysmb snappy=python-snappy socketio=python-socketio socks=pysocks
    sockshandler=pysocks soundfile=soundfile,pysoundfile speech_recognition=speechrecognition
    sqlalchemy_bigquery=sqlalchemy-bigquery,pybigquery storages=django-storages strawberry=strawberry-graphql
    tabula=tabula-py telebot=pytelegrambotapi telegram=python-telegram-bot tensorboard=tensorboard,tb-nightly
    tensorflow=tensorflow,tensorflow-cpu,tensorflow-gpu,tensorflow-intel,tensorflow-macos,tf-nightly tlz=toolz
    umap=umap-learn usb=pyusb vertexai=google-cloud-aiplatform weaviate=weaviate-client websocket=websocket-client
    whisper=openai-whisper whois=python-whois win32api=pywin32 win32com=pywin32 win32con=pywin32 win32file=pywin32
    win32gui=pywin32 win32service=pywin32 wx=wxpython xdist=pytest-xdist xgboost=xgboost,xgboost-cpu Xlib=python-xlib
    yaml=pyyaml zmq=pyzmq zoneinfo=tzdata,backports-zoneinfo
"""

_BELOW_SHARED = """
    google.api=googleapis-common-protos google.appengine.api=appengine-python-standard google.auth.aio=google-auth
    google.cloud._helpers=google-cloud-core google.cloud._http=google-cloud-core
    google.cloud._storage_v2=google-cloud-storage google.cloud.audit=google-cloud-audit-log
    google.cloud.client=google-cloud-core google.cloud.devtools.cloudbuild=google-cloud-build
    google.cloud.devtools.containeranalysis=google-cloud-containeranalysis
    google.cloud.environment_vars=google-cloud-core google.cloud.errorreporting=google-cloud-error-reporting
    google.cloud.exceptions=google-cloud-core google.cloud.extended_operations=googleapis-common-protos
    google.cloud.extended_operations_pb2=googleapis-common-protos google.cloud.firestore_admin=google-cloud-firestore
    google.cloud.firestore_bundle=google-cloud-firestore google.cloud.location=googleapis-common-protos
    google.cloud.monitoring_dashboard=google-cloud-monitoring-dashboards google.cloud.obsolete=google-cloud-core
    google.cloud.operation=google-cloud-core
    google.cloud.orchestration.airflow.service=google-cloud-orchestration-airflow
    google.cloud.secretmanager=google-cloud-secret-manager google.cloud.spanner_admin_database=google-cloud-spanner
    google.cloud.spanner_admin_instance=google-cloud-spanner google.cloud.spanner_dbapi=google-cloud-spanner
    google.cloud.sql=google-cloud-sql-admin google.cloud.sql.connector=cloud-sql-python-connector
    google.cloud.version=google-cloud-core google.iam=grpc-google-iam-v1 google.iam.credentials=google-cloud-iam
    google.identity=google-cloud-identity google.logging=googleapis-common-protos,google-cloud-logging
    google.longrunning=googleapis-common-protos google.oauth2=google-auth google.protobuf=protobuf
    google.pubsub=google-cloud-pubsub google.rpc=googleapis-common-protos google.type=googleapis-common-protos
    opentelemetry.baggage=opentelemetry-api opentelemetry.context=opentelemetry-api
    opentelemetry.exporter.cloud_logging=opentelemetry-exporter-gcp-logging
    opentelemetry.exporter.cloud_monitoring=opentelemetry-exporter-gcp-monitoring
    opentelemetry.exporter.cloud_trace=opentelemetry-exporter-gcp-trace
    opentelemetry.exporter.jaeger=opentelemetry-exporter-jaeger,opentelemetry-exporter-jaeger-thrift
    opentelemetry.exporter.otlp.proto.grpc=opentelemetry-exporter-otlp-proto-grpc,opentelemetry-exporter-otlp
    opentelemetry.exporter.otlp.proto.http=opentelemetry-exporter-otlp-proto-http,opentelemetry-exporter-otlp
    opentelemetry.metrics=opentelemetry-api opentelemetry.propagate=opentelemetry-api
    opentelemetry.propagators.cloud_trace_propagator=opentelemetry-propagator-gcp
    opentelemetry.semconv=opentelemetry-semantic-conventions opentelemetry.trace=opentelemetry-api
    snowflake.connector=snowflake-connector-python snowflake.snowpark=snowflake-snowpark-python
"""

_SAME = """
    aiofiles aiohttp alembic algoliasearch anthropic apache_beam appdirs apscheduler arrow asgiref async_timeout
    asyncpg attrs authlib babel bitarray bleach blinker boltons boto boto3 botocore cachecontrol catboost celery
    certifi cffi cfscrape charset_normalizer click clickhouse_connect clickhouse_driver cloudevents cloudpickle
    cloudscraper confluent_kafka croniter cryptography cvxopt Cython datadog dateparser db_dtypes ddtrace django
    dockerfile_parse docx2txt drf_spectacular drf_yasg duckdb ecdsa editdistance elasticsearch email_validator
    envparse etcd3 evdev exif facebook_business fake_useragent faker fakeredis fastapi fastapi_users fastavro
    firebase_admin flask flask_admin flask_bcrypt flask_caching flask_cors flask_httpauth flask_jwt_extended
    flask_limiter flask_login flask_mail flask_marshmallow flask_migrate flask_restful flask_restx flask_session
    flask_socketio flask_sqlalchemy flask_talisman flask_wtf fontTools frozenlist fsspec functions_framework
    fuzzywuzzy genson geopandas gevent google.adk google.ai.generativelanguage google.analytics.admin
    google.analytics.data google.api_core google.auth google.cloud.aiplatform google.cloud.alloydb.connector
    google.cloud.appengine_logging google.cloud.bigquery google.cloud.bigquery_storage google.cloud.error_reporting
    google.cloud.firestore google.cloud.functions google.cloud.kms google.cloud.logging google.cloud.monitoring
    google.cloud.ndb google.cloud.pubsub google.cloud.pubsublite google.cloud.spanner google.cloud.storage
    google.cloud.storage_control google.cloud.tasks google.cloud.vision google.cloud.workflows google.crc32c
    google.genai google.generativeai google.resumable_media google_auth_httplib2 google_auth_oauthlib
    google_cloud_logging google_crc32c googlemaps googletrans gpiozero graphene graphene_django graphviz greenlet
    grpc_interceptor gspread gspread_dataframe gunicorn gym hdbcli hnswlib html5lib httplib2 httpx httpx_sse hvac
    influxdb_client IPython isoduration itsdangerous jinja2 jira joblib jsonpath_ng jsonpath_rw jsonrpcclient
    jsonschema jwcrypto kazoo keras kubernetes kubernetes_asyncio lancedb langchain langchain_community langchain_core
    langchain_google_vertexai langchain_openai langchain_text_splitters langdetect ldap3 lightgbm lockfile loguru lxml
    lz4 mailchimp_marketing markdown markdown2 markupsafe matplotlib mcp mistune msal mutagen neo4j nest_asyncio
    netaddr netCDF4 networkx newrelic nltk notion_client numpy oauth2client oauthlib oci openai openpyxl
    opentelemetry.sdk optuna oracledb orjson packaging pandas pandas_gbq pandera paramiko parso pathspec pdf2image
    pdfplumber peewee pendulum pika pip playwright plotly pluggy portalocker prefect prometheus_client
    prometheus_flask_exporter psutil psycopg_pool pyarrow pyasn1 pyasn1_modules pyaudio pycountry pycurl pydantic
    pydantic_core pydantic_settings pydub pygments pymongo pymssql pymysql pyodbc pypdf PyPDF2 pypdfium2 PyQt5 PyQt6
    pyrsistent pysftp pyspark pytesseract pytest pytz pytz_deprecation_shim qdrant_client quart rapidfuzz ratelimit
    redis redshift_connector regex reportlab requests requests_html requests_oauthlib requests_toolbelt responses rich
    ruamel.yaml scipy scrapy seaborn selenium sendgrid sentence_transformers sentry_sdk setuptools shap shapely
    simple_salesforce simplejson six slack_bolt slack_sdk snowflake.sqlalchemy spacy sqlalchemy sqlalchemy_utils
    sqlmodel sse_starlette starlette statsmodels streamlit stripe structlog supabase sympy tabulate tenacity
    tensorflow_hub tensorflow_probability tflite_runtime thefuzz tiktoken toml tomli toolz torch torchvision tornado
    tqdm transformers treelib tweepy twilio twisted typer typing_extensions tzlocal ujson undetected_chromedriver
    unidecode urllib3 uvicorn vobject waitress watchdog weasyprint webdriver_manager websockets werkzeug whitenoise
    wikipedia wrapt wtforms xlrd xlsxwriter yarl yattag yfinance youtube_dl youtube_transcript_api zeep zstandard zstd
"""

# Folders that several distributions share: which one is meant only shows below.
_SHARED = """
    azure azure.ai azure.cognitiveservices azure.communication azure.data azure.iot azure.keyvault azure.mgmt
    azure.mixedreality azure.monitor azure.search azure.storage backports flaskext google google.ai google.analytics
    google.cloud google.cloud.devtools google.cloud.orchestration google.cloud.orchestration.airflow google.maps
    google.shopping jaraco logilab opentelemetry opentelemetry.exporter opentelemetry.exporter.otlp
    opentelemetry.exporter.otlp.proto opentelemetry.instrumentation opentelemetry.propagators
    opentelemetry.resourcedetector paste plone repoze ruamel snowflake sphinxcontrib twisted.plugins xstatic zope
"""
SHARED = frozenset(_SHARED.split())


@cache
def claims() -> Mapping[str, tuple[str, ...]]:
    """Dotted import name -> the distributions that are known to bring it."""
    found: dict[str, tuple[str, ...]] = {}
    for word in (*_OTHER.split(), *_BELOW_SHARED.split(), *_SAME.split()):
        name, _, distributions = word.partition("=")
        found[name] = tuple(distributions.split(",")) if distributions else (normalised(name),)
    return found
