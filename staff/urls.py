"""The addresses of the door, and of the firm's own pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from staff import firm_views
from staff.views import SignIn

_BRANCH = "branches/<str:branch_code>"
_PERSON = "people/<str:username>"

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(next_page="sign-in"), name="sign-out"),
    path("branches/", firm_views.branch_list, name="branch-list"),
    path("branches/new/", firm_views.branch_new, name="branch-new"),
    path(f"{_BRANCH}/", firm_views.branch, name="branch"),
    path(f"{_BRANCH}/name/", firm_views.branch_rename, name="branch-rename"),
    path(f"{_BRANCH}/place/", firm_views.branch_move, name="branch-move"),
    path(f"{_BRANCH}/closure/", firm_views.branch_close, name="branch-close"),
    path(f"{_BRANCH}/details/", firm_views.branch_edit, name="branch-edit"),
    path("volumes/", firm_views.volume_list, name="volumes"),
    path("people/", firm_views.people_list, name="people"),
    path("people/new/", firm_views.person_new, name="person-new"),
    path(f"{_PERSON}/", firm_views.person, name="person"),
    path(f"{_PERSON}/details/", firm_views.person_edit, name="person-edit"),
    path(f"{_PERSON}/posts/", firm_views.post_new, name="post-new"),
    path(f"{_PERSON}/posts/cancellation/", firm_views.post_cancel, name="post-cancel"),
]
