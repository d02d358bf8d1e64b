"""The application that gunicorn serves: `web.app:app`."""

from config.settings import get_settings
from web import create_app

app = create_app(get_settings())
