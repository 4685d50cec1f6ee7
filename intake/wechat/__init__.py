"""WeChat official accounts and WeCom: calls, messages, media (`docs/wechat.md`)."""
