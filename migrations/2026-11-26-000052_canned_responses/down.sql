DROP TABLE canned_response;
