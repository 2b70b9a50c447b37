# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The pages of those who stand before Creatio, or in its place: a gateway, IIS, ASP.NET."""

GATEWAY = """<!DOCTYPE html>
<html><head><title>Access gateway</title></head>
<body><h1>One moment</h1><p>Your request is being checked by the gateway.</p></body></html>
"""

_IIS = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" \
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head><title>{title}</title></head>
<body><div id="header"><h1>Server Error</h1></div>
<div id="content"><fieldset><h2>{title}</h2><h3>{text}</h3></fieldset></div></body>
</html>
"""

IIS_NOT_FOUND = _IIS.format(
    title="404 - File or directory not found.",
    text="The resource you are looking for might have been removed, had its name changed, or is "
    "temporarily unavailable.",
)

IIS_UNAVAILABLE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">
<HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD>
<BODY><h2>Service Unavailable</h2>
<hr><p>HTTP Error 503. The service is unavailable.</p>
</BODY></HTML>
"""

ASPNET_ERROR = """<!DOCTYPE html>
<html><head><title>Runtime Error</title></head>
<body bgcolor="white"><span><H1>Server Error in '/' Application.<hr width=100% size=1></H1>
<h2><i>Runtime Error</i></h2></span>
<b>Description:</b> An application error occurred on the server.</body></html>
"""

ASPNET_CORE_NOT_STARTED = """<!DOCTYPE html>
<html><head><title>IIS 10.0 Detailed Error - 500.30 - ASP.NET Core app failed to start</title>
</head>
<body><h1>HTTP Error 500.30 - ASP.NET Core app failed to start</h1>
<h2>Common solutions to this issue:</h2>
<ul><li>The app failed to start</li><li>The app started but then stopped</li></ul></body></html>
"""
