"""The addresses of the imports, and of what customers see."""

from django.urls import path

from intake import code_views, feedback_views, views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:upload_id>/", views.one, name="import"),
    # for customers; all of them under this, and nothing else (`common/outside.py`)
    path("feedback/", feedback_views.feedback, name="feedback"),
    path("feedback/challenge/", feedback_views.challenge, name="feedback-challenge"),
    path("feedback/privacy/", feedback_views.privacy, name="feedback-privacy"),
    path("feedback/receipt/", feedback_views.receipt, name="feedback-receipt"),
    path("feedback/track/", feedback_views.track, name="feedback-track"),
    path("feedback/case/", feedback_views.case, name="feedback-case"),
    path("feedback/case/messages/", feedback_views.message, name="feedback-message"),
    path("feedback/case/ratings/", feedback_views.rating, name="feedback-rating"),
    path("feedback/case/reopenings/", feedback_views.unsolved, name="feedback-unsolved"),
    path("feedback/case/withdrawal/", feedback_views.withdrawal, name="feedback-withdrawal"),
    path("feedback/case/end/", feedback_views.leave, name="feedback-leave"),
    path("feedback/<slug:branch_code>/", feedback_views.feedback, name="feedback-of-branch"),
    # the codes that lead there
    path("feedback-codes/", code_views.codes_list, name="feedback-codes"),
    path("feedback-codes/<slug:branch_code>/", code_views.code, name="feedback-code"),
    path(
        "feedback-codes/<slug:branch_code>/<str:kind>/",
        code_views.picture,
        name="feedback-code-picture",
    ),
]
